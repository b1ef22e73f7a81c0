// Consistent hashing on the ring of another load balancer.

import { Ring } from '../hashing/ring.ts';
import type { PeerRing, RingServer } from '../hashing/rings/peer-ring.ts';
import { firstEligible, inWalkingOrder } from './jumps.ts';
import type { Backend, Eligible, KeyedStrategy, Weighted } from './strategy.ts';

/**
 * The strategy for the ring of another load balancer. While all backends may serve, each key goes where that
 * one sends it. A key whose backend may not serve goes where it would go on the same ring without that
 * backend: to the next point, or to the nearest one. A pick is O(1); a change of the pool builds the ring
 * anew in O(points).
 */
export function peerRingStrategy(peer: PeerRing): KeyedStrategy {
  let backends: readonly Backend[] = [];
  let candidates: readonly Backend[] = [];
  let bySlot: (Backend | undefined)[] = [];
  /** The points as they are, and as arcs that end at a point. They differ where the nearest point counts. */
  let points = Ring.empty;
  let arcs = Ring.empty;

  const home = (key: number): Backend | undefined => (arcs.size === 0 ? undefined : bySlot[arcs.locate(key)]);

  /** The first eligible backend on the way from a position, and how far away it is. */
  const onTheWay = (key: number, step: 1 | -1, eligible: Eligible) => {
    const { size } = points;
    const start = points.indexOf(key) + (step === 1 ? 0 : size - 1);
    for (let count = 0; count < Math.min(size, peer.steps); count++) {
      const i = (start + step * count + size) % size;
      const backend = bySlot[points.slotAt(i)] as Backend;
      if (eligible(backend)) return { backend, distance: (step * (points.pointAt(i) - key)) >>> 0 };
    }
    return undefined;
  };

  return {
    name: `consistent-hash/${peer.name}`,
    position: peer.position,
    home,
    update(next) {
      backends = next;
      candidates = inWalkingOrder(next, candidates);
      bySlot = [];
      for (const backend of next) bySlot[backend.slot] = backend;
      points = ringOf(peer, serversOf(next));
      arcs = peer.isNearest ? points.nearest() : points;
    },
    pick(key, eligible) {
      const first = home(key);
      if (first !== undefined && eligible(first)) return first;
      const after = onTheWay(key, 1, eligible);
      const before = peer.isNearest ? onTheWay(key, -1, eligible) : undefined;
      if (before !== undefined && after !== undefined)
        return before.distance <= after.distance ? before.backend : after.backend;
      return (after ?? before)?.backend ?? firstEligible(key, home, candidates, eligible);
    },
    *arcs(of: readonly Weighted[] = backends) {
      const ring = ringOf(peer, serversOf(of));
      if (ring.size === 0) return;
      const divided = peer.isNearest ? ring.nearest() : ring;
      for (const [end, slot] of divided.arcs()) yield [end, divided.names[slot]] as const;
    },
  };
}

/** Backends as servers of a ring. Those that do not exist yet get the lowest slots that are free. */
function serversOf(backends: readonly Weighted[]): RingServer[] {
  const taken = new Set(backends.map(({ slot }) => slot));
  let free = 0;
  return backends.map(({ id, weight, nominalWeight = weight, slot }) => {
    if (slot !== undefined) return { id, weight, nominalWeight, slot };
    while (taken.has(free)) free++;
    return { id, weight, nominalWeight, slot: free++ };
  });
}

function ringOf(peer: PeerRing, servers: readonly RingServer[]): Ring {
  const points: number[] = [];
  const owners: number[] = [];
  const names: (string | undefined)[] = [];
  for (const { id, slot } of servers) names[slot] = id;
  peer.place(servers, (point, { slot }) => {
    points.push(point >>> 0);
    owners.push(slot);
  });
  return Ring.of(points, owners, names);
}
