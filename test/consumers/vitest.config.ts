import { defineConfig } from 'vitest/config';

// Apart from the other tests: these install from the registry.
export default defineConfig({
  test: { include: ['test/consumers/*.spec.ts'] },
});
