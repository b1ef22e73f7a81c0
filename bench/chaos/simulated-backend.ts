// A simulated backend with faults.

import type { Request, Response } from '../../src/index.ts';
import { CallbackJob } from '../../src/simulator/job.ts';
import { exponential, oneOf, type Random } from '../../src/simulator/random.ts';
import { type Conduct as ServerConduct, SimulatedServer } from '../../src/simulator/simulated-server.ts';
import type { VirtualEnv } from '../../src/simulator/virtual-env.ts';
import type { Condition, Conduct, FaultKind } from './faults.ts';

/** Milliseconds until a response: the least, the mean of the rest, and the most. */
const SERVICE = { least: 20, mean: 80, most: 600 } as const;
/** Milliseconds until a response of a slow backend; part of the range exceeds the timeout. */
const SLOW = { least: 400, most: 2_500 } as const;
const CHECK_MS = 3;

/** The error of a fault, to distinguish it from errors that were not injected. */
export class InjectedError extends Error {
  readonly code: string;
  /** `false` guarantees that nothing was sent. */
  readonly requestSent: boolean | undefined;

  constructor(code: string, requestSent?: false) {
    super(`injected ${code}`);
    this.code = code;
    this.requestSent = requestSent;
  }
}

/** Callbacks for the events of a request at a backend. */
export interface Reception {
  /** A fault affects the request. */
  struck(kind: FaultKind): void;
  /** The backend received the whole request. */
  received(): void;
}

/** A simulated backend, whose responses depend on its current condition. */
export class SimulatedBackend {
  readonly id: string;
  condition: Condition | undefined;
  /** Works on all requests at once. */
  readonly #server: SimulatedServer;
  readonly #random: Random;

  constructor(id: string, env: VirtualEnv, random: Random) {
    this.id = id;
    this.#server = new SimulatedServer(env, id, { concurrency: Number.POSITIVE_INFINITY });
    this.#random = random;
  }

  /** Handles a request of a client. */
  answer(request: Request, signal: AbortSignal | undefined, reception: Reception): Promise<Response> {
    const { condition } = this;
    const isStruck = condition !== undefined && (condition.ratio === 1 || this.#random() < condition.ratio);
    if (isStruck) reception.struck(condition.kind);
    const conduct = isStruck ? oneOf(this.#random, condition.conducts) : 'well';
    if (conduct !== 'refuse') reception.received();
    return this.#behave(conduct, bodyFor(request), signal, this.#serviceMs(conduct));
  }

  /** Handles a health check. */
  check(signal: AbortSignal | undefined): Promise<Response> {
    return this.#behave(this.condition?.checks ?? 'well', 'ok', signal, CHECK_MS);
  }

  #behave(conduct: Conduct, data: string, signal: AbortSignal | undefined, ms: number): Promise<Response> {
    return new Promise((resolve, reject) => {
      // Some HTTP services stop on an abort signal. Others go on and respond when the response is no longer
      // awaited.
      if (this.#random() < 0.5) signal?.addEventListener('abort', () => reject(signal.reason));
      const job = new CallbackJob('', ms, (result) => {
        if (result === 'refused') reject(new InjectedError('ECONNREFUSED', false));
        else if (conduct === 'cut') reject(new InjectedError('ECONNRESET'));
        else resolve({ status: STATUS[conduct] ?? 200, data });
      });
      this.#server.receive(job, SERVER_CONDUCT[conduct] ?? 'well');
    });
  }

  #serviceMs(conduct: Conduct): number {
    if (conduct === 'slow') return SLOW.least + this.#random() * (SLOW.most - SLOW.least);
    return Math.min(SERVICE.most, SERVICE.least + exponential(this.#random, SERVICE.mean));
  }
}

const SERVER_CONDUCT: Partial<Record<Conduct, ServerConduct>> = { refuse: 'refused', hang: 'silent' };
const STATUS: Partial<Record<Conduct, number>> = { unavailable: 503, broken: 500 };

/**
 * The body of the response to a request, which is unique so that a response to the wrong client is detected.
 */
export function bodyFor({ id, path, payload }: Request): string {
  return `${id} ${path} ${payload}`;
}
