import { defineConfig } from 'vitest/config';

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
