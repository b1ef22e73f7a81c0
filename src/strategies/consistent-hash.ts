// The strategy `consistent-hash`.

import { type EnvoyRing, envoyRing, LARGEST_ENVOY_RING } from '../hashing/rings/envoy.ts';
import { type HaproxyRing, haproxyRing } from '../hashing/rings/haproxy.ts';
import { type KetamaRing, ketamaRing } from '../hashing/rings/ketama.ts';
import { nginxRing } from '../hashing/rings/nginx.ts';
import type { PeerRing } from '../hashing/rings/peer-ring.ts';
import { type RingMember, SegmentedRing } from '../hashing/segmented-ring.ts';
import { bag, checkBag } from '../options/bag.ts';
import { aBoolean, anInteger, checkRule, isObject, oneOf, type Rule } from '../options/rule.ts';
import { atOnce } from '../steps.ts';
import { firstEligible, walkingOrder } from './jumps.ts';
import { peerRingStrategy } from './peer-ring-strategy.ts';
import type { Backend, KeyedStrategy, StrategyFactory, Weighted } from './strategy.ts';

/** The rings by name: our own, and those of other load balancers. */
type RingName = 'native' | 'nginx' | 'haproxy' | 'ketama' | 'envoy';

/** Settings of {@link consistentHash}. */
export interface ConsistentHashOptions {
  /**
   * Points on the ring for a backend of weight 1, from 1 to 10,000. More points make the shares more even and
   * the ring larger. For the ring `native` alone.
   * @defaultValue 160
   */
  readonly pointsPerWeight?: number;
  /**
   * Which ring: `native`, or that of another load balancer, by its name or with its settings. Then each key
   * has the home that the other one gives it, so that caches stay warm when traffic moves from one to the
   * other. With the bounds on, keys leave full homes by our rules: set `bounds.factor` to `Infinity` where
   * both run side by side. The seed does not change such a ring.
   *
   * A backend is named by its id, or by host and port of its URL: give it the `id` that it has in the other
   * configuration if that differs, such as `10.0.0.1:80` in nginx.
   * @defaultValue `'native'`
   */
  readonly ring?: RingName | HaproxyRing | KetamaRing | EnvoyRing;
}

const RINGS: readonly RingName[] = ['native', 'nginx', 'haproxy', 'ketama', 'envoy'];
const aRingName: Rule = oneOf(RINGS);
const aRingSize: Rule = anInteger(1, LARGEST_ENVOY_RING);

const HAPROXY = bag<HaproxyRing>({
  name: aRingName,
  hashKey: oneOf(['id', 'addr', 'addr-port']),
  function: oneOf(['sdbm', 'djb2', 'wt6', 'crc32']),
  avalanche: aBoolean,
});
const KETAMA = bag<KetamaRing>({ name: aRingName, variant: oneOf(['weighted', 'spy', 'plain']) });
const ENVOY = bag<EnvoyRing>({ name: aRingName, minimumSize: aRingSize, maximumSize: aRingSize });
const PLAIN = bag<{ readonly name: RingName }>({ name: aRingName });

const OPTIONS = bag<ConsistentHashOptions>({
  pointsPerWeight: anInteger(1, 10_000),
  ring: {
    words: `${aRingName.words}, or an object with such a name`,
    holds: (ring) => aRingName.holds(ring) || isObject(ring),
    inside: (ring: RingName | { readonly name: RingName }, place) => {
      if (typeof ring === 'string') return;
      checkRule(aRingName, ring.name, `${place}.name`);
      if (ring.name === 'haproxy') checkBag(ring, HAPROXY, place);
      else if (ring.name === 'ketama') checkBag(ring, KETAMA, place);
      else checkBag(ring, ring.name === 'envoy' ? ENVOY : PLAIN, place);
    },
  },
});

/**
 * Consistent hashing: each backend has points on a ring, in proportion to its weight, and each key belongs to
 * the backend of the next point. When a backend is added or removed, only its own share of the keys moves. A
 * pick is O(1); a change of the pool costs one pass over the points.
 *
 * A backend has `pointsPerWeight * weight * s` points. The scale s is 1 as long as the largest configured
 * weight is in [0.5, 8], so that weights on any scale get enough points and not too many; see
 * {@link pointScale}.
 *
 * @example `consistentHash({ ring: 'nginx' })` has the homes of `hash $uri consistent` in nginx
 * @throws RangeError if `pointsPerWeight` is not an integer from 1 to 10,000, or the ring or one of its
 * settings is unknown
 * @see Karger et al., STOC 1997
 */
export function consistentHash(options: ConsistentHashOptions = {}): StrategyFactory {
  checkBag(options, OPTIONS, 'consistentHash');
  const { pointsPerWeight, ring = 'native' } = options;
  const peer = peerRing(typeof ring === 'string' ? { name: ring } : ring);
  if (peer === undefined) return () => ringStrategy(pointsPerWeight ?? 160);
  if (pointsPerWeight !== undefined)
    throw new TypeError(`consistentHash.pointsPerWeight must be left out with the ring ${peer.name}`);
  return () => peerRingStrategy(peer);
}

/** The ring of another load balancer; `undefined` for our own. */
function peerRing(ring: { readonly name: RingName }): PeerRing | undefined {
  switch (ring.name) {
    case 'nginx':
      return nginxRing;
    case 'haproxy':
      return haproxyRing(ring as HaproxyRing);
    case 'ketama':
      return ketamaRing(ring as KetamaRing);
    case 'envoy':
      return envoyRing(ring as EnvoyRing);
    default:
      return undefined;
  }
}

/**
 * The factor for the points of all backends: 1 while the largest configured weight is in [0.5, 8]. Above, the
 * power of two that brings that weight into (4, 8]; below, the one that brings it into [0.5, 1). When the
 * largest weight crosses one of these limits, about half of the keys move; no other change of a weight moves
 * keys between other backends.
 * @param heaviest - the largest configured weight, above 0
 */
function pointScale(heaviest: number): number {
  if (heaviest > 8) return 2 ** (3 - Math.ceil(Math.log2(heaviest)));
  if (heaviest < 0.5) return 2 ** (-1 - Math.floor(Math.log2(heaviest)));
  return 1;
}

/** The largest configured weight. Slow start does not change it, so that it does not change the scale. */
function heaviestOf(backends: readonly Weighted[]): number {
  let heaviest = 0;
  for (const { weight, nominalWeight = weight } of backends) heaviest = Math.max(heaviest, nominalWeight);
  return heaviest;
}

/** Between two steps so many backends are looked at. */
const STEP = 2_048;

/** The tables of a pool. */
interface Tables {
  readonly backends: readonly Backend[];
  readonly candidates: readonly Backend[];
  readonly bySlot: readonly (Backend | undefined)[];
  /** What the ring has, by slot. */
  readonly members: readonly (RingMember | undefined)[];
  readonly ring: SegmentedRing;
}

const NO_TABLES: Tables = {
  backends: [],
  candidates: [],
  bySlot: [],
  members: [],
  ring: SegmentedRing.empty,
};

function ringStrategy(pointsPerWeight: number): KeyedStrategy {
  let { candidates, bySlot, members, ring } = NO_TABLES;
  /** The tables for the next update. */
  let prepared = NO_TABLES;

  const pointsIn = (of: readonly Weighted[]): ((backend: Weighted) => number) => {
    const perWeight = pointsPerWeight * pointScale(heaviestOf(of));
    return ({ weight }) => Math.max(1, Math.round(perWeight * weight));
  };
  const ringOf = (of: readonly Weighted[]): SegmentedRing => {
    const pointsFor = pointsIn(of);
    return SegmentedRing.empty.with(
      [],
      of.map((b, slot) => ({ id: b.id, slot, points: pointsFor(b) })),
    );
  };
  const home = (key: number): Backend | undefined => (ring.size === 0 ? undefined : bySlot[ring.locate(key)]);

  function* tablesOf(next: readonly Backend[]): Generator<void, Tables> {
    const pointsFor = pointsIn(next);
    const backendsBySlot: Backend[] = [];
    const after: (RingMember | undefined)[] = [];
    const added: RingMember[] = [];
    for (const [i, b] of next.entries()) {
      if (i % STEP === STEP - 1) yield;
      const { id, slot } = b;
      const points = pointsFor(b);
      const known = members[slot];
      if (known?.id !== id || known.points !== points) added.push((after[slot] = { id, slot, points }));
      else after[slot] = known;
      backendsBySlot[slot] = b;
    }
    const dropped = members.filter((known) => known !== undefined && after[known.slot] !== known);
    const order = yield* walkingOrder(next, candidates);
    yield;
    const changed = yield* ring.withInSteps(dropped as RingMember[], added);
    return { backends: next, candidates: order, bySlot: backendsBySlot, members: after, ring: changed };
  }

  return {
    name: `consistent-hash/${pointsPerWeight}`,
    home,
    *prepare(next) {
      const before = ring;
      const tables = yield* tablesOf(next);
      if (ring === before) prepared = tables;
    },
    update(next) {
      const tables = prepared.backends === next ? prepared : atOnce(tablesOf(next));
      prepared = NO_TABLES;
      if (tables.ring !== ring) tables.ring.recycle(ring);
      ({ candidates, bySlot, members, ring } = tables);
    },
    pick(key, eligible) {
      const first = home(key);
      return first !== undefined && eligible(first) ? first : firstEligible(key, home, candidates, eligible);
    },
    scale: (of) => pointScale(heaviestOf(of)),
    *arcs(of) {
      const divided = of === undefined ? ring : ringOf(of);
      if (divided.size === 0) return;
      for (const [end, slot] of divided.arcs()) yield [end, divided.names[slot]] as const;
    },
  };
}
