// The evidence against one backend: its failures since its last success.
import type { FailureCause } from '../balancer/lease.ts';
import { Variety } from './variety.ts';

/** What failed, and whose request it was, as fingerprints. */
export interface Witness {
  readonly key: number;
  readonly client: number;
}

/** A set of fingerprints of which only the first two matter. */
class Few {
  #first = 0;
  size: 0 | 1 | 2 = 0;

  add(fingerprint: number): void {
    if (this.size === 0) {
      this.#first = fingerprint;
      this.size = 1;
    } else if (fingerprint !== this.#first) this.size = 2;
  }

  clear(): void {
    this.size = 0;
  }
}

/** Failures, and by how many keys and clients, each counted up to two. */
export class Failures {
  count = 0;
  readonly #keys = new Few();
  readonly #clients = new Few();

  add({ key, client }: Witness): void {
    this.count++;
    this.#keys.add(key);
    this.#clients.add(client);
  }

  clear(): void {
    this.count = 0;
    this.#keys.clear();
    this.#clients.clear();
  }

  /**
   * Whether they come from as many keys and clients as were seen at the backend lately, two of each at most.
   */
  isVaried(seen: Seen, now: number): boolean {
    return this.#keys.size >= seen.keys.count(now) && this.#clients.size >= seen.clients.count(now);
  }
}

/** Which requests a backend had lately. */
export class Seen {
  readonly keys = new Variety();
  readonly clients = new Variety();

  note({ key, client }: Witness, now: number): void {
    this.keys.note(key, now);
    this.clients.note(client, now);
  }
}

/**
 * A run of failures. Some are certain to be the backend's: broken connections, and failures of requests that
 * another backend served well. Others may be the request's or the client's own fault: they convict only if
 * they are varied.
 */
export class Run {
  /** Whether they all are refused or broken connections. */
  isOfConnections = true;
  #certain = 0;
  readonly #all = new Failures();

  get length(): number {
    return this.#all.count;
  }

  add(witness: Witness, cause: FailureCause, isCertain: boolean): void {
    this.#all.add(witness);
    if (isCertain) this.#certain++;
    if (cause !== 'connection') this.isOfConnections = false;
  }

  /** Whether so many failures in a row convict the backend. */
  convicts(failures: number, seen: Seen, now: number): boolean {
    if (this.#certain >= failures) return true;
    return this.#all.count >= failures && this.#all.isVaried(seen, now);
  }

  end(): void {
    if (this.#all.count === 0) return;
    this.isOfConnections = true;
    this.#certain = 0;
    this.#all.clear();
  }
}
