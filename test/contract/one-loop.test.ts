// What decides on retries stands in one place each: a shell that began to decide for itself would be found
// here.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;

/** The sources of both packages, without their comments. */
const sources = ['src', 'gateway/src'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const text = readFileSync(join(root, folder, path), 'utf8');
      return { path: join(folder, path), code: text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '') };
    }),
);

it.each<[string, RegExp, string[]]>([
  // The simulator's requests that are never retried go without the loop.
  [
    'a lease is acquired',
    /\.acquire\(/,
    ['src/simulator/fast-run.ts', 'src/traffic/attempts.ts', 'src/traffic/lease-queue.ts'],
  ],
  ['a request waits for a lease', /\bqueue\??\.wait\(/, ['src/traffic/attempts.ts']],
  ['a lease is released', /\blease\??\.release\(/, ['src/simulator/fast-run.ts', 'src/traffic/attempts.ts']],
  ['the retry budget is asked', /\.beginRetry\(/, ['src/traffic/failover.ts']],
  ['the retry budget is given back', /\.retryEnded\(/, ['src/traffic/attempts.ts']],
  ['it is known which methods are idempotent', /'PUT', 'DELETE'/, ['src/traffic/failover.ts']],
  ['it is known which statuses are failures', /\[502, ?503\b/, ['src/http/failure-statuses.ts']],
  // A socket file that nothing listens on any more is refused, too.
  [
    'it is known which errors mean that nothing was sent',
    /'ECONNREFUSED'/,
    ['gateway/src/listeners/stale-socket.ts', 'src/http/unsent.ts'],
  ],
])('%s in one place', (_, pattern, places) => {
  const found = sources.filter(({ code }) => pattern.test(code)).map(({ path }) => path);
  expect(found.sort()).toEqual(places);
});
