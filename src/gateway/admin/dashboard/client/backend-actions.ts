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

  return {
    askAdd(pool: string): void {
      openAdd({
        texts: { pool },
        async submit(data) {
          const [url, id, weight] = [textOf(data, 'url'), textOf(data, 'id'), textOf(data, 'weight')];
          await api.add({
            pool,
            url,
            ...(id === '' ? {} : { id }),
            ...(weight === '' ? {} : { weight: Number(weight) }),
          });
          done(`${id === '' ? url : id} is added to pool ${pool}.`);
        },
      });
    },

    askWeight(pool: string, { id, weight }: GatewayBackendStats): void {
      openWeight({
        texts: { id },
        values: { weight: String(weight) },
        async submit(data) {
          const next = Number(textOf(data, 'weight'));
          await api.setWeight({ pool, id }, next);
          done(`The weight of ${id} is ${next}.`);
        },
      });
    },

    askRemove(pool: string, { id }: GatewayBackendStats): void {
      openRemove({
        texts: { id, pool },
        async submit() {
          await api.remove({ pool, id });
          done(`${id} is removed from pool ${pool}.`);
          // The button that opened the dialog goes with the backend.
          queueMicrotask(() => dom.find(`[data-action="add"][data-pool="${CSS.escape(pool)}"]`).focus());
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
