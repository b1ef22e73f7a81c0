// Makes of a source that may fail, lie or fall silent one whose answers can be believed.

import { isError } from '../errors.ts';
import { anObjectWith, checkRule } from '../options/rule.ts';
import { shown } from '../shown.ts';
import { Belief } from './belief.ts';
import type { DiscoveredBackend, Discovery, Snapshot } from './discovery.ts';
import { readSteadyOptions, type SteadyOptions, type SteadySettings } from './options.ts';

/** The figures of a source. */
export interface DiscoveryStats {
  readonly source: string;
  /**
   * `starting`: no answer yet; `current`: the last answer counts; `holding`: backends that it lacks are kept;
   * `failing`: the source fails, and the last good set stays.
   */
  readonly state: 'starting' | 'current' | 'holding' | 'failing';
  /** `undefined` before the first answer. */
  readonly epoch: string | undefined;
  readonly version: string | undefined;
  /** Milliseconds since the last good answer; `undefined` before the first one. */
  readonly ageMs: number | undefined;
  readonly backends: number;
  /** Backends that the source lacks and that are kept. */
  readonly held: number;
  /** Good answers. */
  readonly snapshots: number;
  /** Answers and entries that could not be used. */
  readonly refused: number;
  /** Failures of the source. */
  readonly errors: number;
  /** The trouble that lasts. */
  readonly trouble: string | undefined;
}

/** What a watch tells. */
export interface WatchListener {
  /** Gets the first set and each change of it. What it throws, or rejects with, is told as trouble. */
  changed(snapshot: Snapshot): void | Promise<void>;
  /** Gets one line for each new trouble. */
  report?(line: string): void;
  /** Whether health checks found that a backend is down: then its loss is believed at once. */
  isDown?(id: string): boolean;
}

/** A watch that goes on until it is closed. */
export interface DiscoveryWatch {
  stats(): DiscoveryStats;
  /** To be called when `isDown` may have changed. */
  recheck(): void;
  close(): void;
}

/** A source whose answers can be believed. */
export interface SteadyDiscovery extends Discovery {
  /**
   * Watches the source; it never fails.
   * @param remembered - the backends of the last run, believed until the source answers
   */
  start(listener: WatchListener, remembered?: readonly DiscoveredBackend[]): DiscoveryWatch;
}

/**
 * Makes a source steady: errors keep the last good set, a suspicious loss of backends is held for a while,
 * entries and snapshots that cannot be are left out, and the source is asked again after a failure, with
 * pauses that grow to 30 seconds and have jitter.
 *
 * @example
 * ```ts
 * const backends = steady(dns({ name: 'shop.internal', port: 8080 }), { holdMs: 60_000 });
 * const loadbalancer = new Loadbalancer(httpService, [], loggerService, { discovery: backends });
 * ```
 * @throws TypeError or RangeError that names the option and its value
 */
export function steady(source: Discovery, options: SteadyOptions = {}): SteadyDiscovery {
  checkRule(anObjectWith('watch'), source, 'source');
  const settings = readSteadyOptions(options);
  const name = source.name ?? 'discovery';
  return {
    name,
    retireAfter: 1,
    watch: (signal) => snapshotsOf(source, settings, signal),
    start: (listener, remembered) => new SteadyWatch(source, settings, listener, remembered),
  };
}

/** A source that is steady already stays as it is. */
export function asSteady(source: Discovery, options: SteadyOptions): SteadyDiscovery {
  checkRule(A_SOURCE, source, 'discovery');
  return 'start' in source ? (source as SteadyDiscovery) : steady(source, options);
}

/** What the option `discovery` must be. */
export const A_SOURCE = anObjectWith('watch');

/** Yields the latest set whenever the reader is ready for it. */
async function* snapshotsOf(
  source: Discovery,
  settings: SteadySettings,
  signal: AbortSignal,
): AsyncGenerator<Snapshot> {
  let latest: Snapshot | undefined;
  let wake = () => {};
  const changed = (snapshot: Snapshot) => {
    latest = snapshot;
    wake();
  };
  const watch = new SteadyWatch(source, settings, { changed });
  const stop = () => wake();
  signal.addEventListener('abort', stop);
  try {
    while (!signal.aborted) {
      const next = latest;
      latest = undefined;
      if (next === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else yield next;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    watch.close();
  }
}

/** The pause after the first failure; it doubles with each further one. */
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 30_000;

class SteadyWatch implements DiscoveryWatch {
  readonly #source: Discovery;
  readonly #settings: SteadySettings;
  readonly #listener: WatchListener;
  readonly #belief: Belief;
  #turn = new AbortController();
  #isClosed = false;
  #failures = 0;
  #trouble: string | undefined;
  #told: ReadonlySet<string> = new Set();
  #answeredAt: number | undefined;
  #quietUntil = Number.NEGATIVE_INFINITY;
  #cancelNews: (() => void) | undefined;
  #cancelDue: (() => void) | undefined;
  #snapshots = 0;
  #refused = 0;
  #errors = 0;

  constructor(
    source: Discovery,
    settings: SteadySettings,
    listener: WatchListener,
    remembered: readonly DiscoveredBackend[] = [],
  ) {
    this.#source = source;
    this.#settings = settings;
    this.#listener = listener;
    const { holdMs, maxLossRatio, retireAfter = source.retireAfter ?? 2 } = settings;
    const isDown = (id: string) => listener.isDown?.(id) === true;
    this.#belief = new Belief({ holdMs, maxLossRatio, retireAfter, isDown }, remembered);
    void this.#run();
    if (this.#belief.size > 0) this.#announce();
  }

  stats(): DiscoveryStats {
    const { epoch, version } = this.#belief;
    const isKnown = this.#answeredAt !== undefined;
    const held = this.#belief.held.length;
    const calm = isKnown ? (this.#belief.isHolding ? 'holding' : 'current') : 'starting';
    return {
      source: this.#source.name ?? 'discovery',
      state: this.#failures > 0 ? 'failing' : calm,
      epoch,
      version: isKnown ? version : undefined,
      ageMs: this.#answeredAt === undefined ? undefined : this.#now - this.#answeredAt,
      backends: this.#belief.size,
      held,
      snapshots: this.#snapshots,
      refused: this.#refused,
      errors: this.#errors,
      trouble: this.#trouble,
    };
  }

  recheck(): void {
    if (!this.#isClosed && this.#belief.held.length > 0) this.#settle();
  }

  close(): void {
    this.#isClosed = true;
    this.#turn.abort();
    this.#cancelNews?.();
    this.#cancelDue?.();
  }

  get #now(): number {
    return this.#settings.env.clock.now();
  }

  /** Asks the source again and again. Never rejects. */
  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const isDue = await this.#listen();
      if (this.#isClosed) return;
      if (!isDue) await this.#pause();
    }
  }

  /** Takes what one call of `watch` yields. @returns whether it ended because it was time for a new call */
  async #listen(): Promise<boolean> {
    const { rereadMs } = this.#settings;
    const turn = (this.#turn = new AbortController());
    const aborted = new Promise<undefined>((resolve) =>
      turn.signal.addEventListener('abort', () => resolve(undefined)),
    );
    const cancel = this.#schedule(() => turn.abort(), this.#jittered(rereadMs));
    let iterator: AsyncIterator<Snapshot> | undefined;
    let hasAnswered = false;
    try {
      iterator = this.#source.watch(turn.signal)[Symbol.asyncIterator]();
      for (;;) {
        // A source may ignore its signal.
        const next = await Promise.race([iterator.next(), aborted]);
        if (next === undefined) {
          if (!hasAnswered && !this.#isClosed) this.#failed(`no answer within ${rereadMs} ms`);
          return true;
        }
        if (next.done === true) throw new Error('the watch ended');
        hasAnswered = true;
        this.#take(next.value);
      }
    } catch (error) {
      if (!turn.signal.aborted) this.#failed(isError(error) ? error.message : shown(error));
      return turn.signal.aborted;
    } finally {
      cancel();
      turn.abort();
      void Promise.resolve(iterator?.return?.()).catch(() => {});
    }
  }

  #pause(): Promise<void> {
    const { random } = this.#settings.env;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), MAX_PAUSE_MS);
    return new Promise((resolve) => {
      const cancel = this.#schedule(resolve, pauseMs * (0.5 + random() / 2));
      this.#turn = new AbortController();
      this.#turn.signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  #take(snapshot: Snapshot): void {
    if (this.#isClosed) return;
    let lines: readonly string[];
    const { epoch, size } = this.#belief;
    try {
      lines = this.#belief.take(snapshot, this.#now);
    } catch (error) {
      // The source answers, but nothing of use.
      this.#refused++;
      this.#tell([(error as Error).message]);
      return;
    }
    const isFirst = this.#answeredAt === undefined;
    if (!isFirst && snapshot.epoch !== epoch && size > 0)
      this.#say(`a new epoch began: ${shown(snapshot.epoch)} after ${shown(epoch)}`);
    if (this.#failures > 0) this.#say('answers again');
    this.#failures = 0;
    this.#snapshots++;
    this.#refused += lines.length;
    this.#answeredAt = this.#now;
    this.#tell(lines);
    this.#settle(isFirst);
  }

  #settle(isNews = false): void {
    const wasHolding = this.#belief.isHolding;
    const hasChanged = this.#belief.settle(this.#now);
    const { held, size, dueAt, isHolding } = this.#belief;
    if (isHolding && !wasHolding)
      this.#say(`lists ${size - held.length} of ${size} backends; the others are kept for a while`);
    this.#cancelDue?.();
    if (dueAt < Number.POSITIVE_INFINITY)
      this.#cancelDue = this.#schedule(() => this.#settle(), Math.max(0, dueAt - this.#now));
    if (isNews || hasChanged) this.#announce();
  }

  /** Tells of a change: at once, or together with others when the pause after the last one is over. */
  #announce(): void {
    const waitMs = this.#quietUntil - this.#now;
    const tell = () => {
      this.#cancelNews = undefined;
      this.#quietUntil = this.#now + this.#settings.coalesceMs;
      const { snapshot } = this.#belief;
      new Promise<void>((resolve) => resolve(this.#listener.changed(snapshot))).catch((error: unknown) =>
        this.#say(isError(error) ? error.message : shown(error)),
      );
    };
    if (waitMs <= 0) tell();
    else this.#cancelNews ??= this.#schedule(tell, waitMs);
  }

  #failed(trouble: string): void {
    this.#failures++;
    this.#errors++;
    if (trouble !== this.#trouble || this.#failures === 1) this.#say(trouble);
    this.#trouble = trouble;
  }

  /** Reports lines that the answer before did not have. */
  #tell(lines: readonly string[]): void {
    for (const line of lines) if (!this.#told.has(line)) this.#say(line);
    this.#told = new Set(lines);
    this.#trouble = lines[0];
  }

  #say(line: string): void {
    const text = `${this.#source.name ?? 'discovery'}: ${line}`;
    this.#settings.report(text);
    this.#listener.report?.(text);
  }

  #jittered(ms: number): number {
    return ms * (1 - 0.15 * this.#settings.env.random());
  }

  #schedule(callback: () => void, delayMs: number): () => void {
    return this.#settings.env.timers.schedule(callback, delayMs, true);
  }
}
