// The changes at run time that every worker has made.
import { canonicalId, readEntry } from 'evenkeel/internal';
import type { PoolConfig } from '../config/pool-schema.ts';
import type { Command } from '../contracts.ts';

/** A backend in a configuration, or in a command. */
type BackendEntry = PoolConfig['backends'][number] | Extract<Command, { type: 'add' | 'put' }>['backend'];

/** The base URL of a backend in canonical form. */
function addressOf(entry: BackendEntry): string {
  return readEntry(typeof entry === 'string' ? entry : entry.url, 'backend').address;
}

/** The id of a backend. An operator may name it in any spelling, so that all are brought to one. */
function idOf(entry: BackendEntry): string {
  return typeof entry === 'string' || entry.id === undefined ? addressOf(entry) : canonicalId(entry.id);
}

/** URL and weight of each backend of a pool, by id. */
function backendsOf(pool: PoolConfig): Map<string, { address: string; weight: number }> {
  const weightOf = (entry: BackendEntry) => (typeof entry === 'string' ? 1 : (entry.weight ?? 1));
  return new Map(
    pool.backends.map((entry) => [idOf(entry), { address: addressOf(entry), weight: weightOf(entry) }]),
  );
}

const targetOf = (command: Command) =>
  command.type === 'add' || command.type === 'put' ? idOf(command.backend) : canonicalId(command.backend);
const isSameTarget = (a: Command, b: Command) => a.pool === b.pool && targetOf(a) === targetOf(b);
const isDrain = ({ type }: Command) => type === 'drain' || type === 'resume';

/** Whether a later command on the same backend undoes all of an earlier one. */
function isOvertaken(earlier: Command, later: Command): boolean {
  if (later.type === 'put') return earlier.type === 'put';
  if (later.type === 'add' || earlier.type === 'remove') return false;
  if (later.type === 'remove') return true;
  return earlier.type !== 'add' && earlier.type !== 'put' && isDrain(earlier) === isDrain(later);
}

/**
 * The changes at run time that a new worker must make to agree with the others. Changes that a later one
 * undoes are left out, so that the journal is no longer than twice the list of backends.
 */
export class ChangeJournal {
  #commands: Command[] = [];

  /** Oldest first. */
  get commands(): readonly Command[] {
    return this.#commands;
  }

  /** Adds a change that was made. */
  note(command: Command): void {
    const ofBackend = this.#commands.filter((earlier) => isSameTarget(earlier, command));
    this.#commands = this.#commands.filter(
      (earlier) => !(ofBackend.includes(earlier) && isOvertaken(earlier, command)),
    );
    // Adding and removing a backend leaves nothing.
    const isUndone =
      command.type === 'remove' && ofBackend.some(({ type }) => type === 'add' || type === 'put');
    if (!isUndone) this.#commands.push(command);
  }

  /**
   * Forgets changes that a new configuration undoes: all of a backend that it no longer has, the weight of a
   * backend to which it gives another one, and weight and drain of a backend with another URL.
   * @param before - pools by name
   * @param after - pools by name
   */
  follow(before: Readonly<Record<string, PoolConfig>>, after: Readonly<Record<string, PoolConfig>>): void {
    const known = new Map<PoolConfig, ReturnType<typeof backendsOf>>();
    const saidOf = (pool: PoolConfig, id: string) => {
      const backends = known.get(pool) ?? backendsOf(pool);
      known.set(pool, backends);
      return backends.get(id);
    };
    this.#commands = this.#commands.filter((command) => {
      const [old, next] = [before[command.pool], after[command.pool]];
      if (old === undefined || next === undefined) return false;
      const id = targetOf(command);
      const [was, is] = [saidOf(old, id), saidOf(next, id)];
      const isAdded = this.#commands.some(
        (other) => (other.type === 'add' || other.type === 'put') && isSameTarget(other, command),
      );
      if (is === undefined) return isAdded;
      if (command.type === 'add' || command.type === 'put' || command.type === 'remove') return true;
      if (was !== undefined && was.address !== is.address) return false;
      return command.type !== 'weight' || was?.weight === is.weight;
    });
  }
}
