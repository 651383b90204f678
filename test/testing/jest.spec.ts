import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReadmeApplication } from '../support/readme.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

// The README's application, its test and its Jest configuration, with the
// package in `node_modules` as npm would put it there.
describe('under Jest', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(ROOT, 'test/jest-'));
    await writeReadmeApplication(folder, ['src', 'test', 'jest.config.mjs']);
    const readmeTest = join(folder, 'test/payment.e2e-spec.ts');
    const source = await readFile(readmeTest, 'utf8');
    await writeFile(
      readmeTest,
      source.replace(/^import .* from 'vitest';\n/m, ''),
    );
    await cp(join(ROOT, 'test/jest'), join(folder, 'test'), {
      recursive: true,
    });
    for (const path of ['dist', 'package.json']) {
      const installed = join(folder, 'node_modules/nestjs-plutu', path);
      await cp(join(ROOT, path), installed, { recursive: true });
    }
    for (const [name, content] of Object.entries({
      'package.json': { private: true, type: 'module' },
      'tsconfig.json': { extends: '../../tsconfig.json', exclude: [] },
    })) {
      await writeFile(join(folder, name), JSON.stringify(content));
    }
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("the kit works, and the README's tests pass without their import", async () => {
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const { stdout } = await run(process.execPath, [jest, '--json'], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules' },
    });
    expect(JSON.parse(stdout)).toMatchObject({
      success: true,
      numPassedTestSuites: 2,
      numPassedTests: 9,
    });
  }, 60_000);
});
