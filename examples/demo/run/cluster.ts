import { Balancer, type PoolChange, type StrategyName } from 'evenkeel';
import { ExampleBackend } from '../../backends/backend.ts';
import { CACHED_PAGES } from '../settings.ts';
import type { OpenWay, PoolEntry, Way } from '../ways/way.ts';

/** Real servers, the pool that lists them, and the load balancer in front of them. */
export class Cluster {
  readonly way: Way;
  readonly #strategy: StrategyName;
  readonly #backends: Map<string, ExampleBackend>;
  readonly #pool: PoolEntry[];

  private constructor(way: Way, strategy: StrategyName, backends: readonly ExampleBackend[]) {
    this.way = way;
    this.#strategy = strategy;
    this.#backends = new Map(backends.map((backend) => [backend.id, backend]));
    this.#pool = backends.map((backend) => backend.entry);
  }

  /** Opens the servers, then the load balancer. */
  static async open(ids: readonly string[], strategy: StrategyName, openWay: OpenWay): Promise<Cluster> {
    const backends = ids.map((id) => new ExampleBackend({ id, cachedPages: CACHED_PAGES }));
    await Promise.all(backends.map((backend) => backend.open()));
    const pool = backends.map((backend) => backend.entry);
    return new Cluster(await openWay(pool, strategy), strategy, backends);
  }

  /** Opens another server, which the pool does not list yet. */
  async launch(id: string): Promise<void> {
    const backend = new ExampleBackend({ id, cachedPages: CACHED_PAGES });
    this.#backends.set(id, backend);
    await backend.open();
  }

  /** Adds a server to the pool. */
  async enlist(id: string): Promise<void> {
    const { entry } = this.backend(id);
    await this.way.add(entry);
    this.#pool.push(entry);
  }

  backend(id: string): ExampleBackend {
    const backend = this.#backends.get(id);
    if (backend === undefined) throw new RangeError(`no server has the id ${id}`);
    return backend;
  }

  /**
   * The share of the key space that a change of the pool should move; `null` if the strategy has no arcs.
   * Every balancer over the same backends has the same plan.
   */
  planned(change: PoolChange): number | null {
    try {
      return new Balancer(this.#pool, { strategy: this.#strategy }).plan(change).moved;
    } catch (error) {
      if (error instanceof TypeError) return null;
      throw error;
    }
  }

  /** Closes the load balancer and all servers. */
  async close(): Promise<void> {
    await this.way.close();
    await Promise.all([...this.#backends.values()].map((backend) => backend.close()));
  }
}
