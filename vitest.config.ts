// How tests run: three projects, each for one kind of test. Inside the repository `evenkeel[/x]` always means the sources.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { defineConfig } from 'vitest/config';

const file = fileURLToPath(new URL('./tsconfig.json', import.meta.url));
const { config } = ts.parseConfigFileTextToJson(file, readFileSync(file, 'utf8'));
const alias = Object.entries(config.compilerOptions.paths as Record<string, string[]>).map(
  ([name, [path]]) => ({
    find: new RegExp(`^${name}$`),
    replacement: fileURLToPath(new URL(path as string, import.meta.url)),
  }),
);
const SLOW = ['test/integration/**', 'test/e2e/**', 'gateway/test/integration/**', 'gateway/test/e2e/**'];

export default defineConfig({
  resolve: { alias },
  test: {
    // Most of the time is waiting: with two cores, one file after the other would take twice as long.
    maxWorkers: 2,
    projects: [
      // Ends in seconds: what `npm run check` runs.
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts', 'gateway/test/**/*.test.ts'],
          exclude: SLOW,
          // The files keep no global state: without a new context for each, the suite takes a third of the time.
          isolate: false,
          // Of the slowest on a busy machine; what hangs fails all the same.
          testTimeout: 30_000,
        },
      },
      // Real sockets, child processes, the packed package.
      {
        extends: true,
        test: {
          name: 'integration',
          include: SLOW.map((folder) => `${folder}/*.test.ts`),
          testTimeout: 60_000,
        },
      },
    ],
  },
});
