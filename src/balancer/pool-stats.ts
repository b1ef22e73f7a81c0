import { digest } from '../hashing/hash.ts';
import { sharesOf } from '../hashing/key-space.ts';
import { isKeyedStrategy } from '../strategies/strategy.ts';
import type { Chooser } from './chooser.ts';
import type { Pool } from './pool.ts';
import type { Router } from './router.ts';
import { type BalancerStats, backendStats } from './stats.ts';
import { TRUSTS } from './trust.ts';

/**
 * Computes the figures of a pool: counters, key-space shares and the fingerprint. Values that depend on the
 * membership alone are computed when they are first read, and cached until it changes.
 */
export class PoolStats {
  readonly #pool: Pool;
  readonly #router: Router;
  readonly #keyName: string;
  #shares: ReadonlyMap<string, number> | undefined;
  #fingerprint: string | undefined;

  /** @param keyName - what the keys are, as far as that is known */
  constructor(pool: Pool, router: Router, keyName: string) {
    this.#pool = pool;
    this.#keyName = keyName;
    this.#router = router;
  }

  /** Called after members or weights changed: drops the cached values. */
  membersChanged(): void {
    this.#shares = undefined;
    this.#fingerprint = undefined;
  }

  /** A digest of members, weights, strategy, seed, bounds and key, as 16 hexadecimal digits. */
  get fingerprint(): string {
    const [{ strategy, seed, bounds }] = this.#router.choosers as [Chooser];
    // The rings of other load balancers may go by the place of a backend in its list.
    const isOrdered = isKeyedStrategy(strategy) && strategy.position !== undefined;
    this.#fingerprint ??= digest(
      JSON.stringify([
        strategy.name,
        seed,
        [String(bounds.factor), bounds.z, bounds.rememberedKeys ?? null, bounds.strict],
        this.#keyName,
        this.#pool.members
          .map(({ id, nominalWeight, tier, slot }) => [
            id,
            nominalWeight,
            tier.zone ?? null,
            tier.backup,
            ...(isOrdered ? [slot] : []),
          ])
          .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
      ]),
    );
    return this.#fingerprint;
  }

  /** O(n), and with shares O(points) after a change of members. */
  stats(withShares: boolean): Omit<BalancerStats, 'rejected'> {
    const { members, tiers, trust, isCrisis, panic } = this.#pool;
    if (withShares)
      this.#shares ??= new Map(this.#router.choosers.flatMap((chooser) => [...homeShares(chooser)]));
    return {
      strategy: (this.#router.choosers[0] as Chooser).strategy.name,
      fingerprint: this.fingerprint,
      inFlight: tiers.reduce((sum, tier) => sum + tier.inFlight, 0),
      keys: this.#router.keys,
      trust: TRUSTS[trust],
      crisis: isCrisis,
      panic,
      backends: members.map((member) =>
        backendStats(member, withShares ? this.#shares?.get(member.id) : undefined),
      ),
    };
  }
}

/** Each member's share of its tier's key space, by id; empty if the strategy has no homes. O(points). */
function homeShares({ strategy, tier }: Chooser): Map<string, number> {
  if (!isKeyedStrategy(strategy)) return new Map();
  const shares = strategy.arcs === undefined ? undefined : sharesOf(strategy.arcs());
  const total = tier.members.reduce((sum, { weight }) => sum + weight, 0);
  const byWeight = (weight: number) => (total === 0 ? 0 : weight / total);
  return new Map(
    tier.members.map(({ id, weight }) => [
      id,
      shares === undefined ? byWeight(weight) : (shares.get(id) ?? 0),
    ]),
  );
}
