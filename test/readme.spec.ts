import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  writeReadmeApplication,
  writeReadmeFragments,
} from './support/readme.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string) => join(ROOT, 'node_modules/.bin', name);
const run = promisify(execFile);

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

// An application made of nothing but the README, inside the package, so that
// `nestjs-plutu` is what was built of it.
describe('README.md', () => {
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
    'has an application that compiles under %s',
    async (_rules, flags) => {
      expect(await compile(folder, ...flags)).toBe('');
    },
    60_000,
  );

  it('has no other block of TypeScript that does not compile', async () => {
    const fragments = join(folder, 'fragments');
    await mkdir(fragments);
    expect(await writeReadmeFragments(fragments)).toBeGreaterThan(5);
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

  it('has an application that passes the tests it gives for it, and those of its pages', async () => {
    const tested = run(bin('vitest'), ['run', '--root', folder], {
      env: { ...process.env, NO_COLOR: '1' },
    });
    await expect(tested).resolves.toMatchObject({
      stdout: expect.stringMatching(/Tests\s+12 passed/),
    });
  }, 60_000);
});
