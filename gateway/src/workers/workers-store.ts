// What all workers share as a fleet, kept in the primary.
import { type FleetStore, type Held, memoryFleet } from 'evenkeel/fleet';
import type { WorkerReport } from './messages.ts';
import type { WorkerProcess } from './worker-link.ts';

type Asking = Extract<WorkerReport, { readonly type: 'claim' | 'put' | 'load' }>;

/** Keeps what workers tell, and tells them what others have told. */
export class WorkersStore {
  readonly #store = memoryFleet();

  /** Serves a worker until it ends. */
  serve(worker: WorkerProcess): void {
    const spaces = new Map<string, () => void>();
    const leave = (space: string) => {
      spaces.get(space)?.();
      spaces.delete(space);
    };
    worker.onMessage((message) => {
      const report = message as WorkerReport;
      if (report.type === 'claim' || report.type === 'put' || report.type === 'load')
        void this.#answer(worker, report);
      else if (report.type === 'leave') leave(report.space);
      else if (report.type === 'listen' && !spaces.has(report.space)) {
        const { space } = report;
        const changed = (held: readonly Held[]) => worker.send({ space, held });
        spaces.set(space, this.#store.listen(space, { changed, joined() {}, lost() {} }));
      }
    });
    worker.onExit(() => {
      for (const space of spaces.keys()) leave(space);
    });
  }

  /** Never rejects. */
  async #answer(worker: WorkerProcess, report: Asking): Promise<void> {
    worker.send({ answered: report.id, held: await answerOf(this.#store, report) });
  }
}

async function answerOf(store: FleetStore, report: Asking): Promise<readonly Held[]> {
  const { space } = report;
  if (report.type === 'load') return store.load(space);
  if (report.type === 'claim') return store.claim(space, report.claims, report.ttlMs);
  await store.put(space, report.held, report.ttlMs);
  return [];
}
