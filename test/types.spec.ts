import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The files of libraries, parsed once for all programs here. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * What the compiler says about a file of an application, which sees the package
 * as it was built.
 */
function compile(
  source: string,
  { isExact = false }: { isExact?: boolean } = {},
): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${ROOT}tsconfig.json`,
    { noEmit: true, exactOptionalPropertyTypes: isExact },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  );
  if (!config) throw new Error('tsconfig.json cannot be read.');
  const file = `${ROOT}test/application.ts`;
  const host = ts.createCompilerHost(config.options);
  host.readFile = (path) => (path === file ? source : ts.sys.readFile(path));
  host.fileExists = (path) => path === file || ts.sys.fileExists(path);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (path, ...rest) => {
    if (path === file) return getSourceFile(path, ...rest);
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, ...rest));
    return parsed.get(path);
  };
  const program = ts.createProgram([file], config.options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) =>
      ts.flattenDiagnosticMessageText(messageText, '\n'),
    );
}

it('the public types hold with exactOptionalPropertyTypes too', () => {
  const source = readFileSync(`${ROOT}test/types.test-d.ts`, 'utf8');
  expect(compile(source, { isExact: true })).toEqual([]);
}, 60_000);

describe('a credential that is forgotten is what the compiler names:', () => {
  it.each([
    ['forRoot', `{ apiKey: 'a', accessToken: 'b' }`],
    [
      'forRoot with other options',
      `{ apiKey: 'a', accessToken: 'b', isGlobal: true, gateways: [] }`,
    ],
    [
      'forRootAsync',
      `{ useFactory: () => ({ apiKey: 'a', accessToken: 'b' }) }`,
    ],
  ])(
    '%s',
    (call, options) => {
      const [method = ''] = call.split(' ');
      const errors = compile(
        `import { PlutuModule } from 'nestjs-plutu';
         PlutuModule.${method}(${options});`,
      );
      expect(errors).toHaveLength(1);
      expect(errors[0]).toContain(`'secretKey' is missing`);
      expect(errors[0]).not.toContain('tenants');
    },
    60_000,
  );
});
