import {
  type BackendServiceInfo,
  Loadbalancer,
  LoggerService,
  type StrategyName,
} from '../../../src/index.ts';
import { CACHED_PAGES, SEED } from '../settings.ts';
import { ShopBackend } from '../shop/backend.ts';
import { seededRandom } from '../shop/random.ts';
import { AttemptLog } from './attempts.ts';
import { Incidents } from './incidents.ts';
import { resilience } from './resilience.ts';

/** Real servers, the pool that lists them, and the load balancer in front. */
export class Cluster {
  readonly loadbalancer: Loadbalancer;
  /** The very array that the load balancer was given: pushing to it is all it takes to add a backend. */
  readonly pool: BackendServiceInfo[];
  readonly attempts = new AttemptLog();
  readonly incidents: Incidents;
  readonly #backends: Map<string, ShopBackend>;

  private constructor(backends: readonly ShopBackend[], strategy: StrategyName) {
    this.#backends = new Map(backends.map((backend) => [backend.id, backend]));
    this.pool = backends.map((backend) => backend.entry);
    // Standard output belongs to the table.
    const logger = new LoggerService({ sink: console.error });
    this.loadbalancer = new Loadbalancer(this.attempts, this.pool, logger, {
      ...resilience(),
      strategy,
      env: { random: seededRandom(SEED) },
    });
    this.incidents = new Incidents(this.loadbalancer.balancer);
  }

  /** Opens the servers and puts them into a pool. */
  static async open(ids: readonly string[], strategy: StrategyName): Promise<Cluster> {
    const backends = ids.map((id) => new ShopBackend(id, CACHED_PAGES));
    await Promise.all(backends.map((backend) => backend.open()));
    return new Cluster(backends, strategy);
  }

  /** Opens one more server, which the pool does not list yet. */
  async launch(id: string): Promise<void> {
    const backend = new ShopBackend(id, CACHED_PAGES);
    this.#backends.set(id, backend);
    await backend.open();
  }

  backend(id: string): ShopBackend {
    const backend = this.#backends.get(id);
    if (backend === undefined) throw new RangeError(`no server is called ${id}`);
    return backend;
  }

  /** Ends the health checks, and closes every server. */
  async close(): Promise<void> {
    this.loadbalancer.close();
    await Promise.all([...this.#backends.values()].map((backend) => backend.close()));
  }
}
