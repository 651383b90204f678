import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReadmeApplication } from './support/readme.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string) => join(ROOT, 'node_modules/.bin', name);
const run = promisify(execFile);

// An application made of nothing but the README, inside the package, so that
// `nestjs-plutu` is what was built of it.
describe("the README's application", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(ROOT, 'test/readme-'));
    await writeReadmeApplication(folder, ['src', 'test']);
    await cp(join(ROOT, 'test/readme'), join(folder, 'test'), {
      recursive: true,
    });
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: { rootDir: '.', skipLibCheck: false },
        include: ['src', 'test'],
        exclude: [],
      }),
    );
    await writeFile(
      join(folder, 'vitest.config.ts'),
      `export default { test: { include: ['test/*.e2e-spec.ts'] } };`,
    );
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['strict rules', []],
    ['exactOptionalPropertyTypes', ['--exactOptionalPropertyTypes']],
  ])(
    'compiles under %s',
    async (_rules, flags) => {
      const compiled = run(bin('tsc'), ['-p', folder, '--noEmit', ...flags]);
      await expect(compiled).resolves.toMatchObject({ stdout: '' });
    },
    60_000,
  );

  it('passes the tests that the README gives for it, and those of its pages', async () => {
    const tested = run(bin('vitest'), ['run', '--root', folder], {
      env: { ...process.env, NO_COLOR: '1' },
    });
    await expect(tested).resolves.toMatchObject({
      stdout: expect.stringMatching(/Tests\s+11 passed/),
    });
  }, 60_000);
});
