// Counts by the network of a client: connections, or requests.
import { clientNetwork } from 'evenkeel/internal';

/** Counts what each client has at a time. A client is an IPv4 address, or an IPv6 network of 64 bits. */
export class ClientCounts {
  readonly #counts = new Map<string, number>();

  /** How many clients have something. */
  get size(): number {
    return this.#counts.size;
  }

  /**
   * Counts one more, unless the client has as many as it may.
   * @returns the network of the client, for {@link leave}; `undefined` if it was not counted
   */
  enter(address: string, most: number): string | undefined {
    const network = clientNetwork(address);
    const count = this.#counts.get(network) ?? 0;
    if (count >= most) return undefined;
    this.#counts.set(network, count + 1);
    return network;
  }

  /** Counts one less. */
  leave(network: string): void {
    const count = this.#counts.get(network) ?? 0;
    if (count > 1) this.#counts.set(network, count - 1);
    else this.#counts.delete(network);
  }
}
