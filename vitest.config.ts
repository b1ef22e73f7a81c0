import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Most of the time is waiting: with two cores, one file after the other would take twice as long.
    maxWorkers: 2,
    projects: [
      // Ends in seconds: what `npm run check` runs.
      {
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**', 'test/e2e/**'],
          // Of the slowest on a busy machine; what hangs fails all the same.
          testTimeout: 30_000,
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
