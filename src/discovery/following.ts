// Lets a balancer follow a source: discovered backends become members of its pool.

import type { Balancer } from '../balancer/balancer.ts';
import { type Env, systemEnv } from '../env.ts';
import { bag, checkBag } from '../options/bag.ts';
import { anEnv } from '../options/env-bag.ts';
import { aFunction, aListOf, anObject, anObjectWith, aText, checkRule } from '../options/rule.ts';
import type { DiscoveredBackend, Discovery, Snapshot } from './discovery.ts';
import { asSteady, type DiscoveryStats, type DiscoveryWatch } from './steady.ts';

/** Settings of {@link follow}. */
export interface FollowOptions {
  /**
   * The origin of the backends in the balancer; several sources need different ones.
   * @defaultValue `'discovery'`
   */
  readonly origin?: string;
  /** Gets one line for each new trouble with the source. @defaultValue none */
  readonly report?: (line: string) => void;
  /** Gets the first set and each change of it, after the balancer has it. @defaultValue none */
  readonly changed?: (snapshot: Snapshot) => void;
  /** The backends of the last run, which serve until the source answers. @defaultValue none */
  readonly remembered?: readonly DiscoveredBackend[];
  readonly env?: Partial<Env>;
}

const OPTIONS = bag<FollowOptions>({
  origin: aText,
  report: aFunction,
  changed: aFunction,
  remembered: aListOf(anObject),
  env: anEnv,
});

/** A balancer's watch over a source. */
export interface Following {
  stats(): DiscoveryStats;
  /** Resolves when the pool has the first set of the source. */
  readonly ready: Promise<void>;
  /** Ends the watch; the pool stays as it is. */
  close(): void;
}

/**
 * Keeps the pool of a balancer as a source of backends says. The shells do so themselves if they have the
 * option `discovery`. Backends of the caller's array, and those of `add`, stay; of one id, `add` counts
 * first, then the source, then the array.
 * @param source - made steady with the default settings, unless it is the result of {@link steady}
 * @throws TypeError or RangeError that names the argument or option and its value
 */
export function follow<R>(balancer: Balancer<R>, source: Discovery, options: FollowOptions = {}): Following {
  checkRule(anObjectWith('replace', 'subscribe'), balancer, 'balancer');
  checkBag(options, OPTIONS, 'follow');
  const { origin = 'discovery', report, changed, remembered } = options;
  const env = { ...systemEnv, ...options.env };
  const drained = new Set<string>();
  let settle = () => {};
  const ready = new Promise<void>((resolve) => (settle = resolve));
  let watch: DiscoveryWatch | undefined;
  let latest: Snapshot | undefined;
  const watched = asSteady(source, { env }).start(
    {
      async changed(snapshot) {
        const isRemembered = watch === undefined;
        latest = snapshot;
        drain(balancer, snapshot, drained);
        await balancer.replaceInSlices(snapshot.backends, origin);
        if (!isRemembered) settle();
        if (snapshot !== latest) return;
        // Those that are new.
        drain(balancer, snapshot, drained);
        changed?.(snapshot);
      },
      isDown: (id) => balancer.has(id) && balancer.stateOf(id) === 'down',
      ...(report && { report }),
    },
    remembered,
  );
  watch = watched;
  // With a timer, as the event may come in the middle of a decision.
  const unsubscribe = balancer.subscribe(({ type }) => {
    if (type === 'down') env.timers.schedule(() => watched.recheck(), 0, true);
  });
  const close = () => {
    unsubscribe();
    watched.close();
  };
  return { stats: () => watched.stats(), ready, close };
}

/** Drains backends that the source says are draining, and ends the drains that it began. */
function drain<R>(balancer: Balancer<R>, { backends }: Snapshot, drained: Set<string>): void {
  const listed = new Set<string>();
  for (const { id = '', draining = false } of backends) {
    listed.add(id);
    if (draining === drained.has(id) || !balancer.has(id)) continue;
    if (draining) {
      drained.add(id);
      void balancer.drain(id);
    } else {
      drained.delete(id);
      balancer.resume(id);
    }
  }
  for (const id of drained) if (!listed.has(id)) drained.delete(id);
}
