// Reads the changes that the admin listener takes.
import type { Command, Control } from '../contracts.ts';
import { AdminError, badRequest } from './admin-error.ts';
import { checked, INPUTS } from './admin-input.ts';

/** Reads a change; a missing pool is the only pool. @throws AdminError that lists each mistake */
export type CommandReader = (input: unknown, control: Control) => Promise<Command>;

/** The schema of each change. */
export const COMMANDS = {
  add: async (input, control) => {
    const { pool, ...backend } = checked(INPUTS.add, input);
    return { type: 'add', pool: await poolOf(pool, control), backend };
  },
  put: async (input, control) => {
    const { pool, ttl, ...backend } = checked(INPUTS.put, input);
    const named = await poolOf(pool, control);
    if (ttl === undefined) return { type: 'put', pool: named, backend };
    return { type: 'put', pool: named, backend, expiresAt: Date.now() + Number(ttl) * 1_000 };
  },
  remove: toBackend('remove'),
  drain: toBackend('drain'),
  resume: toBackend('resume'),
  weight: async (input, control) => {
    const { pool, id, weight } = checked(INPUTS.weight, input);
    return { type: 'weight', pool: await poolOf(pool, control), backend: id, weight };
  },
} as const satisfies Record<Command['type'], CommandReader>;

function toBackend(type: 'remove' | 'drain' | 'resume'): CommandReader {
  return async (input, control) => {
    const { pool, id } = checked(INPUTS.backend, input);
    return { type, pool: await poolOf(pool, control), backend: id };
  };
}

/** The pool of a query or change; the only one if none is named. @throws AdminError */
export async function poolOf(named: string | undefined, control: Control): Promise<string> {
  if (named !== undefined) return named;
  const { pools } = await control.stats();
  const [only, ...others] = pools.map(({ name }) => name);
  if (only === undefined) throw new AdminError(404, 'ERR_ADMIN_NOT_FOUND', 'there is no pool');
  if (others.length === 0) return only;
  const names = [only, ...others].slice(0, 10).join(', ');
  throw badRequest(`pool is missing; it must be one of ${names}${pools.length > 10 ? ', ...' : ''}`);
}
