// The backends of a pool that come and go by themselves: those of its source, and those that registered.
import type { Balancer, Request } from 'evenkeel';
import {
  type DiscoveredBackend,
  type DiscoveryStats,
  type Following,
  follow,
  type Registry,
} from 'evenkeel/discovery';
import type { ResolvedPool } from '../config/resolved-config.ts';
import type { RegisteredBackend } from '../contracts.ts';
import { readLastKnown, writeLastKnown } from './last-known.ts';
import { type PoolSource, sourceOf } from './pool-source.ts';

interface Held {
  readonly backend: RegisteredBackend;
  /** Milliseconds since 1970; `Infinity` until it is removed. */
  readonly expiresAt: number;
}

/** The origin of registered backends in the balancer. */
const ORIGIN = 'registered';
/** Without a TTL a record stays until it is removed: ten years. */
const FOR_GOOD_MS = 315_360_000_000;

export class PoolDiscovery {
  readonly #name: string;
  readonly #config: ResolvedPool;
  readonly #balancer: Balancer<Request>;
  readonly #report: (line: string) => void;
  /** Shared with the pool before. */
  readonly #held: Map<string, Held>;
  readonly #drained = new Set<string>();
  #source: PoolSource | undefined;
  #following: Following | undefined;
  #isKnown = false;
  #timer: NodeJS.Timeout | undefined;
  /** The address of each backend of the source whose URL has a name. */
  addresses: ReadonlyMap<string, string> = new Map();

  constructor(
    name: string,
    config: ResolvedPool,
    balancer: Balancer<Request>,
    report: (line: string) => void,
    before?: PoolDiscovery,
  ) {
    this.#name = name;
    this.#config = config;
    this.#balancer = balancer;
    this.#report = report;
    this.#held = before === undefined ? new Map() : before.#held;
  }

  /** Whether the source has answered, or left a file in the last run; `true` without a source. */
  get isKnown(): boolean {
    return this.#source === undefined || this.#isKnown;
  }

  /** @param changed - called when addresses may have changed */
  start(changed: () => void): void {
    this.#source = sourceOf(this.#name, this.#config);
    this.#schedule();
    if (this.#source === undefined) return;
    const { remember } = this.#config.discovery ?? {};
    const remembered = remember === undefined ? [] : readLastKnown(remember);
    this.#isKnown = remembered.length > 0;
    this.#following = follow(this.#balancer, this.#source.source, {
      remembered,
      report: this.#report,
      changed: ({ backends }) => {
        const known = backends.flatMap(({ id = '', address }) =>
          address === undefined ? [] : [[id, address] as const],
        );
        this.addresses = new Map(known);
        changed();
        if (remember !== undefined) this.#remember(remember, backends);
      },
    });
    void this.#following.ready.then(() => (this.#isKnown = true));
  }

  /**
   * Registers a backend, or renews it; with a registry behind the pool, for all gateways.
   * @param expiresAt - in milliseconds since 1970; `Infinity` until it is removed
   */
  async put(backend: RegisteredBackend, expiresAt: number): Promise<void> {
    const ttlMs = Math.max(1, Math.min(expiresAt - Date.now(), FOR_GOOD_MS));
    const registry = this.#registry;
    if (registry !== undefined) return registry.put(backend, ttlMs);
    this.#held.set(backend.id, { backend, expiresAt });
    await this.#apply();
  }

  /** Ends a registration. @returns whether there was one */
  async remove(id: string): Promise<boolean> {
    const isHeld = this.#held.delete(id);
    if (isHeld) await this.#apply();
    // The source would bring it back.
    await this.#registry?.remove(id);
    return isHeld;
  }

  stats(): DiscoveryStats[] {
    return this.#following === undefined ? [] : [this.#following.stats()];
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#following?.close();
    this.#source?.close();
  }

  get #registry(): Registry | undefined {
    const source = this.#source?.source;
    return source !== undefined && 'register' in source ? source : undefined;
  }

  async #apply(): Promise<void> {
    const now = Date.now();
    for (const [id, { expiresAt }] of this.#held) if (expiresAt <= now) this.#held.delete(id);
    const backends = [...this.#held.values()].map(({ backend }) => backend);
    this.#schedule();
    await this.#balancer.replaceInSlices(
      backends.map(({ draining: _, ...entry }) => entry),
      ORIGIN,
    );
    for (const { id, draining = false } of backends) {
      if (draining === this.#drained.has(id) || !this.#balancer.has(id)) continue;
      if (draining) void this.#balancer.drain(id);
      else this.#balancer.resume(id);
      this.#drained[draining ? 'add' : 'delete'](id);
    }
    for (const id of this.#drained) if (!this.#held.has(id)) this.#drained.delete(id);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const next = Math.min(...[...this.#held.values()].map(({ expiresAt }) => expiresAt));
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => void this.#apply(), Math.min(Math.max(0, next - Date.now()), 2 ** 30));
    this.#timer.unref();
  }

  #remember(path: string, backends: readonly DiscoveredBackend[]): void {
    try {
      writeLastKnown(path, backends);
    } catch (error) {
      this.#report((error as Error).message);
    }
  }
}
