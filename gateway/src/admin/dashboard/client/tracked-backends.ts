// What the page remembers of the backends of one pool from report to report: their tracks and colours.
import type { GatewayPoolStats } from '../../../contracts.ts';
import type { BackendItem } from './backend-row.ts';
import { Track } from './track.ts';

/** A pool at a moment. */
export interface PoolItem {
  readonly pool: GatewayPoolStats;
  /** Milliseconds on a clock that never jumps. */
  readonly at: number;
  /** The gateway's time, in milliseconds since 1970. */
  readonly now: number;
}

interface Known {
  readonly track: Track;
  readonly colour: number;
}

const COLOURS = 8;

/** The backends of one pool, by their ids. */
export class TrackedBackends {
  readonly #known = new Map<string, Known>();
  #nextColour = 0;

  /** Takes the figures of a report. @returns what the rows show */
  update({ pool, at, now }: PoolItem): BackendItem[] {
    this.#forgetAllBut(new Set(pool.backends.map(({ id }) => id)));
    const tracked = pool.backends.map((backend) => {
      const known = this.#knownOf(backend.id);
      known.track.add(at, backend);
      return { backend, ...known };
    });
    const topRate = Math.max(0, ...tracked.flatMap(({ track }) => track.rates()));
    return tracked.map((one) => ({ ...one, pool: pool.name, topRate, now }));
  }

  #knownOf(id: string): Known {
    const known = this.#known.get(id) ?? { track: new Track(), colour: this.#nextColour++ % COLOURS };
    this.#known.set(id, known);
    return known;
  }

  #forgetAllBut(ids: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }
}
