// How tests run: a project for each kind of test. Inside the repository `evenkeel[/x]` always means the
// sources.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { defaultExclude, defineConfig } from 'vitest/config';

const file = fileURLToPath(new URL('./tsconfig.json', import.meta.url));
const { config } = ts.parseConfigFileTextToJson(file, readFileSync(file, 'utf8'));
const alias = Object.entries(config.compilerOptions.paths as Record<string, string[]>).map(
  ([name, [path]]) => ({
    find: new RegExp(`^${name}$`),
    replacement: fileURLToPath(new URL(path as string, import.meta.url)),
  }),
);
const OWN = ['test/**/*.test.ts', 'gateway/test/**/*.test.ts'];
const SLOW = ['test/integration/**', 'test/e2e/**', 'gateway/test/integration/**', 'gateway/test/e2e/**'];
const setupFiles = fileURLToPath(new URL('./test/full-size.setup.ts', import.meta.url));

export default defineConfig({
  resolve: { alias },
  test: {
    // Where nobody has added a test, `--project added` has nothing to do.
    passWithNoTests: true,
    // What is waited for comes soon, but on a busy machine not within the second that is the default.
    expect: { poll: { timeout: 5_000 } },
    projects: [
      // Ends in seconds: what `npm run check` runs.
      {
        extends: true,
        test: {
          name: 'quick',
          include: OWN,
          exclude: SLOW,
          maxWorkers: 2,
          // The files keep no global state: without a new context for each, the suite takes a third of the
          // time.
          isolate: false,
          setupFiles,
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
          setupFiles,
          // They wait more than they work: two would leave one of two cores idle.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
        },
      },
      // Tests that others put in, wherever they lie: each file in a context of its own.
      {
        extends: true,
        test: {
          name: 'added',
          include: ['**/*.{test,spec}.?(c|m)[jt]s?(x)'],
          exclude: [...defaultExclude, '**/dist/**', ...OWN],
          // As in Jest, they need not import `describe`, `it` and `expect`.
          globals: true,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
        },
      },
    ],
  },
});
