import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  createDatabase,
  findPostgres,
  HOW_TO_GET_POSTGRES,
} from './support/databases.js';
import {
  writeManualApplication,
  writeManualFragments,
} from './support/manual.js';
import { isMissing } from './support/tools.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string) => join(ROOT, 'node_modules/.bin', name);
const run = promisify(execFile);

const postgres = await findPostgres();
afterAll(() => postgres?.close());

/** A folder inside the package, so that `nestjs-plutu` is what was built of it. */
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(ROOT, 'test/manual-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * An application made of nothing but the manual's blocks, with the manual's tests
 * and those in `test/manual/`.
 */
async function makeApplication(variant?: string): Promise<string> {
  const folder = await makeFolder();
  await writeManualApplication(folder, ['src', 'test'], variant);
  const tests = ['refused', ...(variant === undefined ? [] : ['journal'])];
  for (const name of tests) {
    const file = `${name}.e2e-spec.ts`;
    await cp(join(ROOT, 'test/manual', file), join(folder, 'test', file));
  }
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { rootDir: '.' },
      include: ['src', 'test'],
      exclude: [],
    }),
  );
  await writeFile(
    join(folder, 'vitest.config.ts'),
    `export default { test: { include: ['test/*.e2e-spec.ts'], fileParallelism: false } };`,
  );
  return folder;
}

/** What the compiler has to say of a project: nothing, if all is well. */
async function compile(folder: string, ...flags: string[]): Promise<string> {
  try {
    const { stdout } = await run(bin('tsc'), [
      '-p',
      folder,
      '--noEmit',
      ...flags,
    ]);
    return stdout;
  } catch (error) {
    return Object(error).stdout || String(error);
  }
}

/** The number of tests of an application that passed; throws if one fails. */
async function passedTests(folder: string, env: object = {}): Promise<number> {
  const { stdout } = await run(bin('vitest'), ['run', '--root', folder], {
    env: { ...process.env, ...env, NO_COLOR: '1' },
  });
  const [, passed] = /Tests\s+(\d+) passed/.exec(stdout) ?? [];
  return Number(passed);
}

describe('the application of docs/getting-started.md', () => {
  it.each([
    ['strict rules', []],
    ['exactOptionalPropertyTypes', ['--exactOptionalPropertyTypes']],
  ])(
    'compiles under %s',
    async (_rules, flags) => {
      const folder = await makeApplication();
      const problems = await compile(
        folder,
        '--skipLibCheck',
        'false',
        ...flags,
      );
      expect(problems).toBe('');
    },
    60_000,
  );

  it('passes the tests of docs/testing.md, and those of its pages', async () => {
    expect(await passedTests(await makeApplication())).toBe(12);
  }, 60_000);

  it('compiles with the journal as well', async () => {
    expect(await compile(await makeApplication('with the journal'))).toBe('');
  }, 60_000);

  it.skipIf(
    isMissing(postgres, {
      suite: 'the application of docs/getting-started.md, with the journal',
      howToGetIt: HOW_TO_GET_POSTGRES,
    }),
  )(
    'passes all of them with the journal, and books a payment once',
    async () => {
      const { url } = await createDatabase(postgres);
      const folder = await makeApplication('with the journal');
      expect(await passedTests(folder, { DATABASE_URL: url })).toBe(14);
    },
    60_000,
  );
});

describe('the manual', () => {
  it('has no other block of TypeScript that does not compile', async () => {
    const folder = await makeFolder();
    const fragments = join(folder, 'fragments');
    const prisma = join(fragments, 'generated/prisma');
    await mkdir(prisma, { recursive: true });
    await writeFile(
      join(prisma, 'client.ts'),
      `export * from '../../../../../examples/journal-prisma/src/generated/client.js';`,
    );
    await writeManualApplication(fragments, ['observability']);
    expect(await writeManualFragments(fragments)).toBeGreaterThan(15);
    await writeFile(
      join(fragments, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../../tsconfig.json',
        // A fragment shows some of what it takes to use everything in it.
        compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
        include: ['.'],
        exclude: [],
      }),
    );

    expect(await compile(fragments)).toBe('');
  }, 60_000);
});
