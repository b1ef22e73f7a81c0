// Connects the load balancer with the simulated backends.

import type { HTTPService, Request, Response, SendOptions } from '../../src/index.ts';
import { UpstreamTimeoutError } from '../../src/index.ts';
import type { AttemptOutcome, Entry, Ledger } from './ledger.ts';
import type { SimulatedBackend } from './simulated-backend.ts';

/** Whether a status counts as a success in the ledger, as in the load balancer by default. */
const FAILURES = new Set([502, 503, 504]);
const CHECK_PATH = '/health';

/**
 * The HTTP service that is injected into the load balancer. It calls the simulated backends and records
 * everything in the ledger.
 */
export class Wire implements HTTPService {
  readonly #backends = new Map<string, SimulatedBackend>();
  readonly #ledger: Ledger;
  /** Whether a backend is in the pool. */
  readonly #isKnown: (id: string) => boolean;
  readonly #inFlight = new Map<string, Set<Entry>>();
  /** Health checks that were sent. */
  checks = 0;

  constructor(ledger: Ledger, isKnown: (id: string) => boolean) {
    this.#ledger = ledger;
    this.#isKnown = isKnown;
  }

  connect(url: string, backend: SimulatedBackend): void {
    this.#backends.set(url, backend);
    this.#inFlight.set(backend.id, new Set());
  }

  /** The requests that wait for a response of a backend. */
  inFlight(id: string): Iterable<Entry> {
    return this.#inFlight.get(id) ?? [];
  }

  sendRequest(url: string, request: Request, options?: SendOptions): Promise<Response> {
    const backend = this.#backends.get(new URL(url).origin);
    if (backend === undefined) throw new Error(`nothing listens at ${url}`);
    if (!this.#isKnown(backend.id)) this.#ledger.outsiders++;
    return request.path === CHECK_PATH
      ? this.#check(backend, options)
      : this.#send(backend, request, options);
  }

  #check(backend: SimulatedBackend, options: SendOptions | undefined): Promise<Response> {
    this.checks++;
    this.#ledger.dead.checked(backend.id);
    return backend.check(options?.signal);
  }

  #send(backend: SimulatedBackend, request: Request, options: SendOptions | undefined): Promise<Response> {
    const ledger = this.#ledger;
    const entry: Entry = ledger.of(request.id);
    const inFlight = this.#inFlight.get(backend.id);
    const close = ledger.attempt(entry, backend.id);
    const ended = (outcome: AttemptOutcome, isUnsent = false) => {
      inFlight?.delete(entry);
      close(outcome, isUnsent);
    };
    inFlight?.add(entry);
    const signal = options?.signal;
    signal?.addEventListener('abort', () => ended(outcomeOf(signal.reason)));
    const answer = backend.answer(request, signal, {
      struck: (kind) => ledger.struck(entry, kind),
      received: () => ledger.arrived(entry),
    });
    return answer.then(
      (response) => {
        ended(FAILURES.has(response.status) ? 'failure' : 'success');
        return response;
      },
      (error: unknown) => {
        ended('connection', (error as { requestSent?: unknown }).requestSent === false);
        throw error;
      },
    );
  }
}

/** A timeout is the backend's fault; a client that left is not. */
function outcomeOf(reason: unknown): AttemptOutcome {
  return reason instanceof UpstreamTimeoutError ? 'failure' : 'cancelled';
}
