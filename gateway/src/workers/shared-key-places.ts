// Places of keys that all workers agree on, kept in the primary.
import { type Held, memoryFleet } from 'evenkeel/fleet';
import type { WorkerReport } from './messages.ts';
import type { WorkerProcess } from './worker-link.ts';

type Claiming = Extract<WorkerReport, { readonly type: 'claim' | 'load' }>;

/** Keeps what workers claim, and tells them what others have claimed. */
export class SharedKeyPlaces {
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
      if (report.type === 'claim' || report.type === 'load') void this.#answer(worker, report);
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
  async #answer(worker: WorkerProcess, report: Claiming): Promise<void> {
    const { space } = report;
    const held =
      report.type === 'load'
        ? await this.#store.load(space)
        : await this.#store.claim(space, report.claims, report.ttlMs);
    worker.send({ answered: report.id, held });
  }
}
