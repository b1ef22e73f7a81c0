import type {
  Backend,
  Env,
  HTTPService,
  Request,
  Response,
  ResponseWriter,
  SendOptions,
} from '../src/index.ts';

/** A request with defaults. */
export function aRequest(path = '/', extras: Partial<Request> = {}): Request {
  return { id: 'r1', path, method: 'GET', payload: '', ...extras };
}

/** An HTTP service that notes its calls and answers as it is told. */
export class RecordingService implements HTTPService {
  readonly calls: { url: string; request: Request; options: SendOptions | undefined; arity: number }[] = [];
  readonly #answer: (url: string, request: Request) => unknown;

  constructor(answer: (url: string, request: Request) => unknown = () => ({ status: 200, data: 'ok' })) {
    this.#answer = answer;
  }

  // Rest parameters: how many arguments come is part of the contract.
  sendRequest(...args: [url: string, request: Request, options?: SendOptions]): Promise<Response> {
    const [url, request, options] = args;
    this.calls.push({ url, request, options, arity: args.length });
    return this.#answer(url, request) as Promise<Response>;
  }

  /** How many calls each host got. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { url } of this.calls) counts[new URL(url).host] = (counts[new URL(url).host] ?? 0) + 1;
    return counts;
  }
}

/** A writer that notes what it is given. */
export class RecordingWriter implements ResponseWriter {
  readonly responses: Response[] = [];
  readonly errors: Error[] = [];
  readonly headers: [string, string][] = [];

  writeResponse(response: Response): void {
    this.responses.push(response);
  }

  writeHeader(header: string, value: string): void {
    this.headers.push([header, value]);
  }

  writeError(error: Error): void {
    this.errors.push(error);
  }
}

/** A logger that notes its lines. */
export class RecordingLogger {
  readonly lines: unknown[][] = [];

  log(...args: unknown[]): void {
    this.lines.push(args);
  }
}

/** `count` backends in the native form. */
export function nativePool(count: number): { IPAddr: string; Port: number }[] {
  return Array.from({ length: count }, (_, i) => ({ IPAddr: `10.0.${i >> 8}.${i & 255}`, Port: 8080 }));
}

/** A hand-moved clock, hand-fired timers and a seeded random source. */
export class TestEnv implements Env {
  nowMs = 0;
  #state: number;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  constructor(seed = 1) {
    this.#state = seed;
  }

  readonly clock = { now: () => this.nowMs };

  /** mulberry32. */
  readonly random = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };

  readonly timers = {
    schedule: (callback: () => void, delayMs: number) => {
      const timer = { at: this.nowMs + delayMs, callback };
      this.#timers.add(timer);
      return () => void this.#timers.delete(timer);
    },
  };

  /** How many timers wait. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Moves the clock on and fires what is due, in order. */
  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.nowMs = due.at;
      due.callback();
    }
    this.nowMs = until;
  }
}

/** A backend outside any pool, for strategies on their own. */
export function aBackend(id: string, slot: number, overrides: Partial<Backend> = {}): Backend {
  return {
    id,
    slot,
    url: id,
    weight: 1,
    nominalWeight: overrides.weight ?? 1,
    zone: undefined,
    inFlight: 0,
    keys: 0,
    workload: undefined,
    reportedAt: 0,
    ...overrides,
  };
}

/** Adds one to a count. */
export function tally(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
