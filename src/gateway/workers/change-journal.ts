import type { Command } from '../contracts.ts';

/** The id that a backend gets when it is added. */
function idOf({ id, url }: Extract<Command, { type: 'add' }>['backend']): string {
  if (id !== undefined || !URL.canParse(url)) return id ?? url;
  const { origin, pathname } = new URL(url);
  return (origin + pathname).replace(/\/+$/, '');
}

const targetOf = (command: Command) => (command.type === 'add' ? idOf(command.backend) : command.backend);
const isSameTarget = (a: Command, b: Command) => a.pool === b.pool && targetOf(a) === targetOf(b);
const isDrain = ({ type }: Command) => type === 'drain' || type === 'resume';

/** Whether a later command on the same backend leaves nothing of an earlier one. */
function isOvertaken(earlier: Command, later: Command): boolean {
  if (later.type === 'add' || earlier.type === 'remove') return false;
  if (later.type === 'remove') return true;
  return earlier.type !== 'add' && isDrain(earlier) === isDrain(later);
}

/**
 * The changes at run time that a new worker must make to agree with the others. What a later change has overtaken is left out, so that there
 * are no more of them than backends.
 */
export class ChangeJournal {
  #commands: Command[] = [];

  /** Oldest first. */
  get commands(): readonly Command[] {
    return this.#commands;
  }

  /** Notes a change that was made. */
  note(command: Command): void {
    const ofBackend = this.#commands.filter((earlier) => isSameTarget(earlier, command));
    this.#commands = this.#commands.filter(
      (earlier) => !(ofBackend.includes(earlier) && isOvertaken(earlier, command)),
    );
    // One that only an earlier change had added is as if it had never been.
    const isUndone = command.type === 'remove' && ofBackend.some(({ type }) => type === 'add');
    if (!isUndone) this.#commands.push(command);
  }

  /** Forgets what another configuration has undone. */
  clear(): void {
    this.#commands = [];
  }
}
