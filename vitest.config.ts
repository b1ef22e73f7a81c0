import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // Ends in seconds: what `npm run check` runs.
      {
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**', 'test/e2e/**'],
        },
      },
      // Real sockets, child processes, the packed package.
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
    ],
  },
});
