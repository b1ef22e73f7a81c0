import type { Session } from '../balancer/session.ts';
import type { Request } from '../contracts.ts';
import { RateLimitedError } from '../errors.ts';
import { aBag, bag } from '../options/bag.ts';
import { aFunction, anObjectWith, type Rule } from '../options/rule.ts';
import { byClientAddress } from './affinity.ts';
import { clientNetwork, type RateLimiter, rateLimitHeaders } from './rate-limiter.ts';
import type { SessionPolicy } from './sessions.ts';

/** How requests count against a limit. */
export interface RateLimitOptions {
  readonly limiter: RateLimiter;
  /** The limit that a request counts against, by its client; `undefined` for none. @defaultValue the client's address, an IPv6 one by its /64 */
  readonly key?: (request: Request) => string | undefined;
}

/** What the options of a rate limit must be. */
export const RATE_LIMIT: Rule = aBag(
  bag<RateLimitOptions>({ limiter: anObjectWith('take'), key: aFunction }),
  ['limiter'],
);

/** What a {@link Gate} works with. */
export interface GateParts {
  readonly sessions: SessionPolicy | undefined;
  readonly rateLimit: RateLimitOptions | undefined;
  /** Takes what goes wrong in a limiter or a session policy. */
  readonly failed: (what: string, error: unknown) => void;
}

/** The facts about a request before a backend is chosen for it. */
export interface Admission {
  readonly session: Session | undefined;
  /** Headers for the response, also for one without a backend. */
  readonly headers: readonly (readonly [string, string])[];
  /** Why the request is not let in. */
  readonly refusal: RateLimitedError | undefined;
}

/** The result for a request that no limit counts. */
const UNCOUNTED: Omit<Admission, 'session'> = { headers: [], refusal: undefined };

/**
 * Stands before the choice of a backend: counts the request against its client's limit and finds its session. A limiter or a session
 * policy that fails lets the request through: neither may be a single point of failure. `Loadbalancer` has one of its own; use this one
 * where you move the bytes yourself.
 */
export class Gate {
  readonly #parts: GateParts;
  #refused = 0;

  /** @param parts - what it asks; with neither, every request is let in */
  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** Requests that were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** Finds out whether a request is let in, and its session. Never rejects. */
  async admit(request: Request): Promise<Admission> {
    const counted = await this.#count(request);
    if (counted.refusal === undefined) return { ...counted, session: await this.#sessionOf(request) };
    this.#refused++;
    return { ...counted, session: undefined };
  }

  /** The headers of the response, once its backend is known: the session policy may add its own. */
  headersFor({ session, headers }: Admission, backendId: string | undefined): (readonly [string, string])[] {
    const all = [...headers];
    if (backendId === undefined) return all;
    const { sessions, failed } = this.#parts;
    try {
      const pending: unknown = sessions?.written?.(session, backendId, (header, value) =>
        all.push([header, value]),
      );
      // A policy that stores what it hears may have made it an async method.
      if (pending !== undefined)
        Promise.resolve(pending).catch((error) => failed('the session policy', error));
    } catch (error) {
      failed('the session policy', error);
    }
    return all;
  }

  async #count(request: Request): Promise<Omit<Admission, 'session'>> {
    const { rateLimit, failed } = this.#parts;
    if (rateLimit === undefined) return UNCOUNTED;
    try {
      const key = (rateLimit.key ?? ownNetwork)(request);
      if (key === undefined) return UNCOUNTED;
      const verdict = await rateLimit.limiter.take(key);
      // In here, too: a verdict may be anything.
      const refusal = verdict.allowed ? undefined : new RateLimitedError(verdict.resetMs);
      return { headers: rateLimitHeaders(verdict), refusal };
    } catch (error) {
      failed('the rate limiter', error);
      return UNCOUNTED;
    }
  }

  async #sessionOf(request: Request): Promise<Session | undefined> {
    const { sessions, failed } = this.#parts;
    try {
      return await sessions?.read(request);
    } catch (error) {
      failed('the session policy', error);
      return undefined;
    }
  }
}

function ownNetwork(request: Request): string | undefined {
  const address = byClientAddress(request);
  return address === undefined ? undefined : clientNetwork(address);
}
