// The simulated backends and the pool.

import type { UrlBackend } from '../../src/contracts.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import type { VirtualEnv } from '../../src/simulator/virtual-env.ts';
import { backendName, type Condition, FAULTS, isDead, type PlannedFault } from './faults.ts';
import type { Ledger } from './ledger.ts';
import { SimulatedBackend } from './simulated-backend.ts';
import { Wire } from './wire.ts';

/** All simulated backends, and the caller's array with those that are in the pool. */
export class Fleet {
  /** The array that the load balancer follows. */
  readonly pool: (UrlBackend & { id: string })[] = [];
  readonly wire: Wire;
  readonly #backends = new Map<string, SimulatedBackend>();
  readonly #env: VirtualEnv;
  readonly #ledger: Ledger;

  constructor(names: readonly string[], seed: number, env: VirtualEnv, ledger: Ledger) {
    this.#env = env;
    this.#ledger = ledger;
    this.wire = new Wire(ledger, (id) => this.has(id));
    for (const [n, id] of names.entries()) {
      const backend = new SimulatedBackend(id, env, seededRandom(seed, id));
      this.#backends.set(id, backend);
      this.wire.connect(urlOf(n), backend);
    }
  }

  has(id: string): boolean {
    return this.pool.some((entry) => entry.id === id);
  }

  /** Adds a backend to the pool, or changes its weight. */
  put(id: string, weight: number): void {
    const n = Number(id.slice(1));
    const entry = { id, url: urlOf(n), weight };
    const place = this.pool.findIndex((other) => other.id === id);
    if (place >= 0) this.pool[place] = entry;
    else this.pool.push(entry);
    this.#ledger.pool('put', `${id} ${weight}`);
  }

  /** Removes a backend from the pool. It still responds to requests in flight. */
  take(id: string): void {
    const place = this.pool.findIndex((entry) => entry.id === id);
    if (place < 0) return;
    this.pool.splice(place, 1);
    for (const entry of this.wire.inFlight(id)) this.#ledger.struck(entry, 'churn');
    this.#ledger.pool('take', id);
  }

  /** Plans all faults of the schedule. */
  planFaults(): void {
    for (const fault of FAULTS) this.#plan(fault);
  }

  #plan({ at, until, backend, flapMs, condition }: PlannedFault): void {
    if (flapMs === undefined) {
      this.#env.at(at, () => this.#set(backend, condition));
    } else {
      for (let from = at; from < until; from += 2 * flapMs) {
        this.#env.at(from, () => this.#set(backend, condition));
        this.#env.at(from + flapMs, () => this.#set(backend, undefined));
      }
    }
    this.#env.at(until, () => this.#set(backend, undefined));
    if (!isDead(condition) || flapMs !== undefined) return;
    const { dead } = this.#ledger;
    this.#env.at(at, () => dead.began(backend, condition.kind));
    this.#env.at(until, () => dead.ended(backend));
  }

  #set(id: string, condition: Condition | undefined): void {
    (this.#backends.get(id) as SimulatedBackend).condition = condition;
    this.#ledger.pool('condition', `${id} ${condition?.kind ?? 'well'}`);
  }
}

/** The names of this many backends. */
export function backendNames(count: number): string[] {
  return Array.from({ length: count }, (_, n) => backendName(n));
}

function urlOf(n: number): string {
  return `http://10.0.0.${n + 1}:8080`;
}
