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
 * Shares keys between balancers of one process; for tests, and behind a store of your own.
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

  return {
    async claim(space, claims, ttlMs) {
      const now = clock.now();
      if (now >= sweepAt) sweep(now);
      let fields = spaces.get(space);
      if (fields === undefined) spaces.set(space, (fields = new Map()));
      const { news, others } = claimAll(fields, claims, now, now + ttlMs);
      if (news.length > 0) for (const listener of [...(listeners.get(space) ?? [])]) listener.changed(news);
      return others;
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
