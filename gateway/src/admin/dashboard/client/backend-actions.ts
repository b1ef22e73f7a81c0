import type { GatewayBackendStats } from '../../../contracts.ts';
import type { AdminApi, BackendName } from './admin-api.ts';
import type { Dialogs } from './dialogs.ts';
import type { Dom } from './dom.ts';
import type { Notices } from './notices.ts';

/** Where actions get the rest. */
export interface ActionParts {
  readonly dom: Dom;
  readonly api: AdminApi;
  readonly notices: Notices;
  readonly dialogs: Dialogs;
  /** Called after every change. */
  readonly onChange: () => void;
}

export type BackendActions = ReturnType<typeof backendActions>;

/** What can be done to the backends of a pool. */
export function backendActions({ dom, api, notices, dialogs, onChange }: ActionParts) {
  const openAdd = dialogs.dialog('#add-dialog');
  const openWeight = dialogs.dialog('#weight-dialog');
  const openRemove = dialogs.dialog('#remove-dialog');
  const pending = new Set<string>();

  function done(message: string): void {
    notices.tell(message);
    onChange();
  }

  const textOf = (data: FormData, name: string) => String(data.get(name) ?? '').trim();
  const weightOf = (data: FormData) => Number(textOf(data, 'weight'));

  return {
    askAdd(pool: string): void {
      openAdd({
        texts: { pool },
        submit: (data) =>
          api.add({
            pool,
            url: textOf(data, 'url'),
            ...(textOf(data, 'id') === '' ? {} : { id: textOf(data, 'id') }),
            ...(textOf(data, 'weight') === '' ? {} : { weight: weightOf(data) }),
          }),
        onDone: (data) => done(`${textOf(data, 'id') || textOf(data, 'url')} is added to pool ${pool}.`),
      });
    },

    askWeight(pool: string, { id, weight }: GatewayBackendStats): void {
      openWeight({
        texts: { id },
        values: { weight: String(weight) },
        submit: (data) => api.setWeight({ pool, id }, weightOf(data)),
        onDone: (data) => done(`The weight of ${id} is ${weightOf(data)}.`),
      });
    },

    askRemove(pool: string, { id }: GatewayBackendStats): void {
      openRemove({
        texts: { id, pool },
        submit: () => api.remove({ pool, id }),
        onDone() {
          // The button that opened the dialog goes with the backend.
          dom.find(`[data-action="add"][data-pool="${CSS.escape(pool)}"]`).focus();
          done(`${id} is removed from pool ${pool}.`);
        },
      });
    },

    async toggleDrain(backend: BackendName, isDraining: boolean): Promise<void> {
      const key = JSON.stringify([backend.pool, backend.id]);
      if (pending.has(key)) return;
      pending.add(key);
      try {
        await (isDraining ? api.resume(backend) : api.drain(backend));
        done(isDraining ? `${backend.id} takes requests again.` : `${backend.id} is draining.`);
      } catch (error) {
        notices.warn(`${isDraining ? 'Resume' : 'Drain'} ${backend.id}: ${(error as Error).message}`);
      }
      pending.delete(key);
    },
  };
}
