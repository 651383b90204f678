import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const src = (path: string): string =>
  fileURLToPath(new URL(`src/${path}`, import.meta.url));

/** What an application's HTTP platform can make a difference to. */
const ON_BOTH_PLATFORMS = [
  'accounts',
  'callback',
  'configuration',
  'confirm-route',
  'events',
  'invoices',
  'own-endpoint',
  'payment',
  'pending-page',
  'tenants',
].map((name) => `test/${name}.spec.ts`);

export default defineConfig({
  resolve: {
    // The examples name the package, and are tested with its source.
    alias: [{ find: /^nestjs-plutu$/, replacement: src('index.ts') }],
  },
  test: {
    testTimeout: 15_000,
    projects: [
      {
        extends: true,
        test: { name: 'express', include: ['test/*.spec.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'fastify',
          include: ON_BOTH_PLATFORMS,
          env: { HTTP_PLATFORM: 'fastify' },
        },
      },
    ],
  },
});
