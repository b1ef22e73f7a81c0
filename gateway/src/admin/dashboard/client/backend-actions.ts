// What the buttons of backends do.
import type { GatewayBackendStats } from '../../../contracts.ts';
import type { AdminApi, BackendName, NewBackend } from './admin-api.ts';
import { find } from './dom.ts';
import { FormDialog } from './form-dialog.ts';
import type { Notices } from './notices.ts';

/** What actions work with. */
export interface ActionParts {
  readonly api: AdminApi;
  readonly notices: Notices;
  /** Called after every change. */
  readonly onChange: () => void;
}

/** Adds, weighs, drains and removes backends. */
export class BackendActions {
  readonly #parts: ActionParts;
  readonly #add = new FormDialog('#add-dialog');
  readonly #weight = new FormDialog('#weight-dialog');
  readonly #remove = new FormDialog('#remove-dialog');
  /** Backends whose drain or resume has not been answered yet. */
  readonly #pending = new Set<string>();

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  askAdd(pool: string): void {
    this.#add.open({
      texts: { pool },
      submit: (data) => this.#parts.api.add(newBackend(pool, data)),
      onDone: (data) => this.#done(`${textOf(data, 'id') || textOf(data, 'url')} is added to pool ${pool}.`),
    });
  }

  askWeight(pool: string, { id, weight }: GatewayBackendStats): void {
    this.#weight.open({
      texts: { id },
      values: { weight: String(weight) },
      submit: (data) => this.#parts.api.setWeight({ pool, id }, weightOf(data)),
      onDone: (data) => this.#done(`The weight of ${id} is ${weightOf(data)}.`),
    });
  }

  askRemove(pool: string, { id }: GatewayBackendStats): void {
    this.#remove.open({
      texts: { id, pool },
      submit: () => this.#parts.api.remove({ pool, id }),
      onDone: () => {
        // The button that opened the dialog goes with the backend.
        find(`[data-action="add"][data-pool="${CSS.escape(pool)}"]`).focus();
        this.#done(`${id} is removed from pool ${pool}.`);
      },
    });
  }

  async toggleDrain(backend: BackendName, isDraining: boolean): Promise<void> {
    const { api, notices } = this.#parts;
    const key = JSON.stringify([backend.pool, backend.id]);
    if (this.#pending.has(key)) return;
    this.#pending.add(key);
    try {
      await (isDraining ? api.resume(backend) : api.drain(backend));
      this.#done(isDraining ? `${backend.id} takes requests again.` : `${backend.id} is draining.`);
    } catch (error) {
      notices.warn(`${isDraining ? 'Resume' : 'Drain'} ${backend.id}: ${(error as Error).message}`);
    }
    this.#pending.delete(key);
  }

  #done(message: string): void {
    this.#parts.notices.tell(message);
    this.#parts.onChange();
  }
}

function newBackend(pool: string, data: FormData): NewBackend {
  const id = textOf(data, 'id');
  return {
    pool,
    url: textOf(data, 'url'),
    ...(id === '' ? {} : { id }),
    ...(textOf(data, 'weight') === '' ? {} : { weight: weightOf(data) }),
  };
}

function textOf(data: FormData, name: string): string {
  return String(data.get(name) ?? '').trim();
}

function weightOf(data: FormData): number {
  return Number(textOf(data, 'weight'));
}
