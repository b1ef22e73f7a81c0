// The part of a registry that writes: the same for every store.

import type { Env } from '../../env.ts';
import { isObject } from '../../options/rule.ts';
import { checkedBackend, keepRegistered, type Registry, type RegistryRecords } from '../registration.ts';
import type { KnownBackend } from '../snapshot-check.ts';

/** The part of a registry that writes. */
export function registryOver(
  records: RegistryRecords,
  env: Partial<Env> | undefined,
): Pick<Registry, 'register' | 'put' | 'remove'> {
  // Those that registered by themselves are younger, and count.
  const byOthers = (backend: KnownBackend) => ({ backend, owner: `put ${backend.id}`, since: 0 });
  return {
    register: (self, options = {}) => {
      const owner = { owner: crypto.randomUUID(), since: Date.now() };
      return keepRegistered(records, self, isObject(options) && env ? { env, ...options } : options, owner);
    },
    put: async (backend, ttlMs) => records.put(byOthers(checkedBackend(backend)), ttlMs),
    remove: (id) => records.drop(byOthers({ id, url: '' })),
  };
}
