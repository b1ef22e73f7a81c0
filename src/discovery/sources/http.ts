// Backends from a list that an HTTP server has.

import { type Env, systemEnv } from '../../env.ts';
import { bag, checkBag, checkNeeded } from '../../options/bag.ts';
import { anEnv } from '../../options/env-bag.ts';
import { aFunction, anObject, aTimeout } from '../../options/rule.ts';
import type { DiscoveredBackend, Discovery, Snapshot } from '../discovery.ts';
import { backendList } from './backend-list.ts';
import { pause } from './pause.ts';

/** Settings of {@link http}. */
export interface HttpOptions {
  readonly url: string;
  /** Milliseconds between two requests, minus up to 15 %. @defaultValue 5,000 */
  readonly intervalMs?: number;
  /** Time limit of a request in milliseconds. @defaultValue 5,000 */
  readonly timeoutMs?: number;
  /** Headers of each request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @defaultValue the platform's `fetch` */
  readonly fetch?: typeof fetch;
  readonly env?: Partial<Env>;
}

const OPTIONS = bag<HttpOptions>({
  url: { words: 'an http or https URL', holds: (value) => typeof value === 'string' && URL.canParse(value) },
  intervalMs: aTimeout,
  timeoutMs: aTimeout,
  headers: anObject,
  fetch: aFunction,
  env: anEnv,
});

const MAX_LENGTH = 16 * 2 ** 20;

/**
 * Discovers backends in the JSON response of a server: a list, or an object with a list `backends`. With an
 * `ETag`, an unchanged list is not sent again.
 * @throws TypeError or RangeError that names the option and its value
 */
export function http(options: HttpOptions): Discovery {
  checkBag(options, OPTIONS, 'http');
  checkNeeded(options, OPTIONS, 'http', ['url']);
  const { url, intervalMs = 5_000, timeoutMs = 5_000, headers, fetch = globalThis.fetch, env } = options;
  const { random } = { ...systemEnv, ...env };
  let version = 0;
  return {
    // The path may hold a secret; the name stands in metrics.
    name: `http ${new URL(url).host}`,
    retireAfter: 1,
    async *watch(signal): AsyncGenerator<Snapshot> {
      let etag: string | null = null;
      let backends: readonly DiscoveredBackend[] | undefined;
      while (!signal.aborted) {
        const response: Response = await fetch(url, {
          headers: {
            accept: 'application/json',
            ...headers,
            ...(etag !== null && { 'if-none-match': etag }),
          },
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        });
        if (response.status !== 304 || backends === undefined) {
          if (!response.ok) {
            await response.body?.cancel();
            throw new Error(`status ${response.status}`);
          }
          backends = backendList(JSON.parse(await textOf(response)));
          etag = response.headers.get('etag');
          version++;
        }
        yield { epoch: url, version: String(version), backends };
        await pause(intervalMs * (1 - 0.15 * random()), signal, env);
      }
    },
  };
}

/** @throws RangeError if it is too long */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_LENGTH) throw new RangeError(`the list must be at most ${MAX_LENGTH} bytes`);
  }
  return text;
}
