import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReadmeApplication } from '../support/readme.js';
import { findRedis, HOW_TO_GET_REDIS } from '../support/redis.js';
import { isMissing } from '../support/tools.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '../..');
const run = promisify(execFile);

/** The major versions of Node to run each application on, besides this one. */
const OTHER_NODES = (process.env['OTHER_NODES'] ?? '')
  .split(' ')
  .filter((version) => version !== '');

const CONSUMERS = [
  { name: 'Nest 12, ES modules', nest: 12, type: 'module' },
  { name: 'Nest 12, CommonJS', nest: 12, type: 'commonjs' },
  { name: 'Nest 11, CommonJS', nest: 11, type: 'commonjs' },
] as const;

/** What `nest new` of each version installs, as far as it matters here. */
const PACKAGES = {
  11: {
    '@nestjs/axios': '^4.0.0',
    '@nestjs/bullmq': '^11.0.0',
    '@nestjs/event-emitter': '^3.0.0',
    bullmq: '^5.81.5',
    typescript: '^5.7.0',
  },
  12: {
    '@nestjs/axios': '^12.0.0',
    '@nestjs/bullmq': '^12.0.0',
    '@nestjs/event-emitter': '^12.0.0',
    bullmq: '^6.0.0',
    ioredis: '^6.0.0',
    typescript: '~6.0.0',
  },
};

const redis = await findRedis();

let folder: string;
let tarball: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-plutu-consumers-'));
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--pack-destination', folder],
    { cwd: ROOT },
  );
  const [, filename = ''] = /"filename": "([^"]+)"/.exec(stdout) ?? [];
  tarball = join(folder, filename);
}, 60_000);

afterAll(() => redis?.close());
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(CONSUMERS)('an application of $name', ({ name, nest, type }) => {
  let app: string;

  beforeAll(async () => {
    app = await mkdtemp(join(folder, 'app-'));
    await writeReadmeApplication(app, ['src']);
    for (const file of ['main.ts', 'queue.ts']) {
      await cp(join(HERE, 'app', file), join(app, 'src', file));
    }
    await writeFile(
      join(app, 'package.json'),
      JSON.stringify({
        name: name.toLowerCase().replace(/\W+/g, '-'),
        type,
        private: true,
        dependencies: {
          '@nestjs/common': `^${nest}.0.0`,
          '@nestjs/core': `^${nest}.0.0`,
          '@nestjs/platform-express': `^${nest}.0.0`,
          '@types/node': '^20.19.0',
          axios: '^1.17.0',
          'class-transformer': '^0.5.1',
          'class-validator': '^0.15.1',
          'nestjs-plutu': `file:${tarball}`,
          'reflect-metadata': '^0.2.2',
          rxjs: '^7.8.1',
          ...PACKAGES[nest],
        },
      }),
    );
    await writeFile(
      join(app, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'ES2023',
          strict: true,
          types: ['node'],
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
          esModuleInterop: true,
          rootDir: 'src',
          outDir: 'dist',
        },
        include: ['src'],
      }),
    );
    await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: app });
  }, 180_000);

  it('compiles under strict rules', async () => {
    const tsc = join(app, 'node_modules/.bin/tsc');
    await expect(run(tsc, [], { cwd: app })).resolves.toMatchObject({
      stdout: '',
    });
  }, 60_000);

  it('walks a payment', async () => {
    const walked = await run(process.execPath, ['dist/main.js'], { cwd: app });
    expect(walked.stdout).toBe('It is paid.\n');
  }, 60_000);

  it.skipIf(
    isMissing(redis, {
      suite: `a payment through BullMQ on ${name}`,
      howToGetIt: HOW_TO_GET_REDIS,
    }),
  )(
    'walks a payment through BullMQ',
    async () => {
      const walked = await run(process.execPath, ['dist/queue.js'], {
        cwd: app,
        env: { ...process.env, REDIS_URL: redis?.url },
      });
      expect(walked.stdout).toBe('inv-1 came out of the queue.\n');
    },
    60_000,
  );

  it.each(OTHER_NODES)(
    'walks a payment on Node %s',
    async (version) => {
      const walked = await run(
        'npx',
        ['--yes', `node@${version}`, 'dist/main.js'],
        { cwd: app },
      );
      expect(walked.stdout).toBe('It is paid.\n');
    },
    180_000,
  );

  it('runs the command of the package with npx', async () => {
    const { stdout } = await run(
      'npx',
      ['--no-install', 'nestjs-plutu', 'sandbox', '--help'],
      { cwd: app },
    );
    expect(stdout).toMatch(/^Usage: nestjs-plutu sandbox /);
  }, 60_000);

  it('is given nothing that it did not ask for', async () => {
    const manifest = JSON.parse(
      await readFile(
        join(app, 'node_modules/nestjs-plutu/package.json'),
        'utf8',
      ),
    ) as { dependencies: Record<string, string> };
    expect(Object.keys(manifest.dependencies)).toEqual(['lru-cache']);
  });
});
