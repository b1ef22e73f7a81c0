// A fleet within one process.

import { type Env, systemEnv } from '../env.ts';
import { bag, checkBag } from '../options/bag.ts';
import { anEnv } from '../options/env-bag.ts';
import type { Claim, FleetStore, Held, SpaceListener } from './fleet-store.ts';

/** Settings of {@link memoryFleet}. */
export interface MemoryFleetOptions {
  readonly env?: Partial<Env>;
}

const OPTIONS = bag<MemoryFleetOptions>({ env: anEnv });

interface Field {
  value: string;
  endsAt: number;
}

/** How often fields that are over are removed. */
const SWEEP_MS = 60_000;

/**
 * A fleet of balancers in one process; for tests, and behind a store of your own.
 * @throws TypeError that names the option and its value
 */
export function memoryFleet(options: MemoryFleetOptions = {}): FleetStore {
  checkBag(options, OPTIONS, 'memoryFleet');
  const { clock } = { ...systemEnv, ...options.env };
  const spaces = new Map<string, Map<string, Field>>();
  const listeners = new Map<string, Set<SpaceListener>>();
  let sweepAt = clock.now() + SWEEP_MS;

  function sweep(now: number): void {
    sweepAt = now + SWEEP_MS;
    for (const [name, fields] of spaces) {
      for (const [field, { endsAt }] of fields) if (endsAt <= now) fields.delete(field);
      if (fields.size === 0) spaces.delete(name);
    }
  }

  function fieldsOf(space: string, now: number): Map<string, Field> {
    if (now >= sweepAt) sweep(now);
    let fields = spaces.get(space);
    if (fields === undefined) spaces.set(space, (fields = new Map()));
    return fields;
  }

  function tell(space: string, news: readonly Held[]): void {
    if (news.length > 0) for (const listener of [...(listeners.get(space) ?? [])]) listener.changed(news);
  }

  return {
    async claim(space, claims, ttlMs) {
      const now = clock.now();
      const { news, others } = claimAll(fieldsOf(space, now), claims, now, now + ttlMs);
      tell(space, news);
      return others;
    },
    async put(space, held, ttlMs) {
      const now = clock.now();
      const fields = fieldsOf(space, now);
      for (const [field, value] of held)
        if (value === '') fields.delete(field);
        else fields.set(field, { value, endsAt: now + ttlMs });
      tell(space, held);
    },
    async load(space) {
      const now = clock.now();
      const living = [...(spaces.get(space) ?? [])].filter(([, { endsAt }]) => endsAt > now);
      return living.map(([field, { value }]): Held => [field, value]);
    },
    listen(space, listener) {
      const all = listeners.get(space) ?? new Set();
      listeners.set(space, all.add(listener));
      listener.joined();
      return () => {
        all.delete(listener);
        if (all.size === 0 && listeners.get(space) === all) listeners.delete(space);
      };
    },
  };
}

function claimAll(fields: Map<string, Field>, claims: readonly Claim[], now: number, endsAt: number) {
  const news: Held[] = [];
  const others: Held[] = [];
  for (const { field, value, instead } of claims) {
    const held = fields.get(field);
    if (held === undefined || held.endsAt <= now || held.value === instead) {
      fields.set(field, { value, endsAt });
      news.push([field, value]);
      continue;
    }
    held.endsAt = endsAt;
    if (held.value !== value) others.push([field, held.value]);
  }
  return { news, others };
}
