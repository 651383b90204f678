import { defineConfig } from 'vitest/config';

/** What an application's HTTP platform can make a difference to. */
const ON_BOTH_PLATFORMS = [
  'account/accounts',
  'account/tenants',
  'callbacks/callback',
  'callbacks/own-endpoint',
  'callbacks/pending-page',
  'checkout/checkout-route',
  'checkout/return-urls',
  'configuration',
  'diagnostics/channels',
  'gateways/*',
  'payments/events',
  'payments/invoices',
  'payments/payment',
].map((name) => `test/${name}.spec.ts`);

export default defineConfig({
  test: {
    testTimeout: 15_000,
    // A busy machine takes longer than the second that is usual.
    expect: { poll: { timeout: 10_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'express',
          include: ['test/*.spec.ts', 'test/!(consumers|jest)/*.spec.ts'],
        },
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
