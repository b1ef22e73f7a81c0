import { expect } from 'vitest';
import type { Balancer } from '../../src/balancer/balancer.ts';
import type { BalancerEvent } from '../../src/balancer/events.ts';
import type { Lease } from '../../src/balancer/lease.ts';
import type { Outcome } from '../../src/strategies/strategy.ts';

/** Ids of `count` backends, which are their URLs. */
export function ids(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `http://b${i}`);
}

/** A lease on one backend, which must take requests. */
export function leaseOn(balancer: Balancer, id: string): Lease {
  const lease = balancer.acquire('any', { session: { backend: id } }) as Lease;
  expect(lease?.backend.id).toBe(id);
  return lease;
}

/** Requests to one backend, one after the other, that all end in the same way. */
export function send(balancer: Balancer, id: string, outcome: Outcome, times = 1): void {
  for (let i = 0; i < times; i++) leaseOn(balancer, id).release(outcome);
}

/** What `explain` says of one backend when it was not picked. */
export function verdictOf(balancer: Balancer, id: string): string | undefined {
  const found = balancer.explain('any').candidates.find((candidate) => candidate.id === id)?.verdict;
  return found === 'picked' ? 'eligible' : found;
}

/** All events from now on that concern a backend, or panic: not those of a crisis. */
export function eventsOf(balancer: Balancer): BalancerEvent[] {
  const events: BalancerEvent[] = [];
  balancer.subscribe((event) => event.type !== 'crisis' && events.push(event));
  return events;
}

export function typesOf(events: readonly BalancerEvent[]): string[] {
  return events.map((event) => ('backend' in event ? `${event.type} ${event.backend}` : event.type));
}
