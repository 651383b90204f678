import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const src = (path: string): string =>
  fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // The examples name the package, and are tested with its source.
    alias: [{ find: /^nestjs-plutu$/, replacement: src('index.ts') }],
  },
  test: {
    include: ['test/*.spec.ts'],
    testTimeout: 15_000,
  },
});
