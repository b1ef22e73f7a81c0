// The requests of a log as the traffic of a run.
import type { Setup } from '../setup.ts';
import { CHUNK, ScenarioTraffic, type TrafficChunk, type TrafficSource } from '../traffic.ts';
import type { LogReader } from './log-reader.ts';
import type { LogRow } from './sort-window.ts';

/** How the requests of a log come. */
export interface LogPace {
  /** By which factor they come faster; `undefined` if the scenario says when they come. */
  readonly speedUp: number | undefined;
  /** Bytes a millisecond, for logs without durations; `undefined` if the scenario says how long they take. */
  readonly bytesPerMs: number | undefined;
}

/** Paths and clients of a log, in its order; times and durations as well, unless the scenario has them. */
export class LogTraffic implements TrafficSource {
  readonly keys: number;
  readonly #rest: ScenarioTraffic;
  readonly #reader: LogReader;
  readonly #pace: LogPace;
  readonly #rows: AsyncIterator<readonly LogRow[]> | Iterator<readonly LogRow[]>;
  #list: readonly LogRow[] = [];
  #next = 0;

  constructor(
    setup: Setup,
    reader: LogReader,
    rows: AsyncIterator<readonly LogRow[]> | Iterator<readonly LogRow[]>,
    pace: LogPace,
  ) {
    this.keys = reader.paths.texts.length;
    this.#rest = new ScenarioTraffic(setup);
    this.#reader = reader;
    this.#rows = rows;
    this.#pace = pace;
  }

  async next(chunk: TrafficChunk): Promise<boolean> {
    const { speedUp, bytesPerMs } = this.#pace;
    const { paths, facts } = this.#reader;
    this.#rest.next(chunk);
    let count = 0;
    for (; count < CHUNK; count++) {
      if (this.#next === this.#list.length && !(await this.#turn())) break;
      const { atMs, key, client, durationMs, bytes, isWrite } = this.#list[this.#next++] as LogRow;
      if (speedUp !== undefined) chunk.atMs[count] = (atMs - facts.fromMs) / speedUp;
      chunk.keys[count] = key;
      chunk.names[count] = paths.texts[key] as string;
      chunk.clients[count] = client;
      chunk.writes[count] = isWrite ? 1 : 0;
      if (durationMs >= 0) chunk.sizesMs[count] = durationMs;
      else if (bytesPerMs !== undefined) chunk.sizesMs[count] = bytes / bytesPerMs;
    }
    chunk.count = count;
    return count > 0;
  }

  /** Goes on to the next list that has rows. @returns whether there is one */
  async #turn(): Promise<boolean> {
    for (;;) {
      const step = await this.#rows.next();
      if (step.done === true) return false;
      this.#list = step.value;
      this.#next = 0;
      if (this.#list.length > 0) return true;
    }
  }
}
