// Admission: counts a request against its rate limit and finds its session, before a backend is chosen.

import type { Session } from '../balancer/session.ts';
import type { Request } from '../contracts.ts';
import { Deadlines } from '../deadlines.ts';
import { systemEnv } from '../env.ts';
import { RateLimitedError } from '../errors.ts';
import { Limit, within } from '../limit.ts';
import { aBag, bag } from '../options/bag.ts';
import { aFunction, anObjectWith, type Rule } from '../options/rule.ts';
import { byClientAddress } from './affinity.ts';
import { clientNetwork, type RateLimiter, rateLimitHeaders } from './rate-limiter.ts';
import type { SessionPolicy } from './sessions.ts';

/** Settings of a rate limit. */
export interface RateLimitOptions {
  readonly limiter: RateLimiter;
  /**
   * Derives the key that a request is counted under; `undefined` if it is not limited.
   * @defaultValue the client's address, for IPv6 its /64
   */
  readonly key?: (request: Request) => string | undefined;
}

/** The rules of the options. */
export const RATE_LIMIT: Rule = aBag(
  bag<RateLimitOptions>({ limiter: anObjectWith('take'), key: aFunction }),
  ['limiter'],
);

/** The parts of a {@link Gate}. */
export interface GateParts {
  readonly sessions: SessionPolicy | undefined;
  readonly rateLimit: RateLimitOptions | undefined;
  /** Receives errors of the limiter or the session policy. */
  readonly failed: (what: string, error: unknown) => void;
  /** Bound the wait for a limiter or a session policy. @defaultValue on the platform's timers */
  readonly deadlines?: Deadlines;
}

/** A limiter or session policy that takes longer has failed: jose waits as long for a set of keys. */
const WAIT_MS = 5_000;

/** The result of the admission of a request. */
export interface Admission {
  readonly session: Session | undefined;
  /** Headers for the response, even if no backend is chosen. */
  readonly headers: readonly (readonly [string, string])[];
  /** Why the request is refused; `undefined` if it is admitted. */
  readonly refusal: RateLimitedError | undefined;
}

/** The result for a request without a limit. */
const UNCOUNTED: Omit<Admission, 'session'> = { headers: [], refusal: undefined };

/**
 * Admits or refuses a request before a backend is chosen: counts it against its rate limit and finds its
 * session. If the limiter or the session policy fails, the request is admitted, so that neither is a single
 * point of failure.
 */
export class Gate {
  readonly #parts: GateParts;
  readonly #deadlines: Deadlines;
  #refused = 0;

  /** @param parts - limiter and session policy; without both, every request is admitted */
  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#deadlines = parts.deadlines ?? new Deadlines(systemEnv);
  }

  /** Requests that were refused. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Admits or refuses a request, and finds its session. Never rejects.
   * @param whole - ends the waits when it is stopped; then the result is of no meaning
   */
  async admit(request: Request, whole?: Limit): Promise<Admission> {
    const counted = await this.#count(request, whole);
    if (counted.refusal === undefined) return { ...counted, session: await this.#sessionOf(request, whole) };
    this.#refused++;
    return { ...counted, session: undefined };
  }

  /** The headers of the response after a backend responded, including those of the session policy. */
  headersFor({ session, headers }: Admission, backendId: string | undefined): (readonly [string, string])[] {
    const all = [...headers];
    if (backendId === undefined) return all;
    const { sessions, failed } = this.#parts;
    try {
      const pending: unknown = sessions?.written?.(session, backendId, (header, value) =>
        all.push([header, value]),
      );
      // A policy that stores sessions may have an async method here.
      if (pending !== undefined)
        Promise.resolve(pending).catch((error) => failed('the session policy', error));
    } catch (error) {
      failed('the session policy', error);
    }
    return all;
  }

  async #count(request: Request, whole: Limit | undefined): Promise<Omit<Admission, 'session'>> {
    const { rateLimit, failed } = this.#parts;
    if (rateLimit === undefined) return UNCOUNTED;
    try {
      const key = (rateLimit.key ?? ownNetwork)(request);
      if (key === undefined) return UNCOUNTED;
      const verdict = await this.#bounded(whole, () => rateLimit.limiter.take(key));
      // Inside of the `try`, too, as the verdict of a host's limiter may have any form.
      const refusal = verdict.allowed ? undefined : new RateLimitedError(verdict.resetMs);
      return { headers: rateLimitHeaders(verdict), refusal };
    } catch (error) {
      if (whole?.reason === undefined) failed('the rate limiter', error);
      return UNCOUNTED;
    }
  }

  async #sessionOf(request: Request, whole: Limit | undefined): Promise<Session | undefined> {
    const { sessions, failed } = this.#parts;
    if (sessions === undefined) return undefined;
    try {
      return await this.#bounded(whole, () => sessions.read(request));
    } catch (error) {
      if (whole?.reason === undefined) failed('the session policy', error);
      return undefined;
    }
  }

  async #bounded<T>(whole: Limit | undefined, work: () => T | PromiseLike<T>): Promise<T> {
    const limit = new Limit(this.#deadlines, { timeoutMs: WAIT_MS, whole });
    try {
      return await within(limit, work);
    } finally {
      limit.end();
    }
  }
}

function ownNetwork(request: Request): string | undefined {
  const address = byClientAddress(request);
  return address === undefined ? undefined : clientNetwork(address);
}
