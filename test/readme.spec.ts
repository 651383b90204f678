import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string) => join(ROOT, 'node_modules/.bin', name);
const run = promisify(execFile);

/** The README's code blocks that begin with the name of a file. */
async function filesOfReadme(): Promise<Map<string, string>> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const blocks = readme.matchAll(/```ts\n\/\/ (\S+\.ts)\n(.*?)```/gs);
  return new Map(
    Array.from(blocks, ([, path = '', source = '']) => [path, source]),
  );
}

// An application made of nothing but the README, inside the package, so that
// `nestjs-plutu` is what was built of it.
describe("the README's application", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(ROOT, 'test/readme-'));
    const files = await filesOfReadme();
    files.set(
      'tsconfig.json',
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: { rootDir: '.', skipLibCheck: false },
        include: ['src', 'test'],
      }),
    );
    files.set(
      'vitest.config.ts',
      `export default { test: { include: ['test/*.e2e-spec.ts'] } };`,
    );
    for (const [path, source] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), source);
    }
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('compiles under strict rules', async () => {
    const compiled = run(bin('tsc'), ['-p', folder, '--noEmit']);
    await expect(compiled).resolves.toMatchObject({ stdout: '' });
  }, 60_000);

  it('passes the test that the README gives for it', async () => {
    const tested = run(bin('vitest'), ['run', '--root', folder], {
      env: { ...process.env, NO_COLOR: '1' },
    });
    await expect(tested).resolves.toMatchObject({
      stdout: expect.stringMatching(/Tests\s+1 passed/),
    });
  }, 60_000);
});
