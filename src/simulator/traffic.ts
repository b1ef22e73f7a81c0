// The traffic of a run, drawn once and given to every contender. Each quantity has a stream of random numbers
// of its own, drawn in the order of the requests, so that no contender changes what another one gets.
import { pow } from '../elementary-functions.ts';
import { exponential, type Random, seededStream, zipf } from './random.ts';
import type { Service } from './scenario.ts';
import type { Setup, TrafficSpell } from './setup.ts';

/** Requests in one chunk. */
export const CHUNK = 4_096;
/** Up to this many names of keys are kept. */
const KEPT_NAMES = 1_000_000;

/** Some requests that follow each other, as lists with an entry for each. */
export class TrafficChunk {
  count = 0;
  /** When they come, in virtual milliseconds. */
  readonly atMs: Float64Array = new Float64Array(CHUNK);
  readonly keys: Int32Array = new Int32Array(CHUNK);
  readonly names: string[] = [];
  readonly clients: Int32Array = new Int32Array(CHUNK);
  /** Milliseconds that a backend of speed 1 works on them. */
  readonly sizesMs: Float64Array = new Float64Array(CHUNK);
  /** 1 for requests that must not be sent twice. */
  readonly writes: Uint8Array = new Uint8Array(CHUNK);
  /** The number of the balancer that gets them. */
  readonly balancers: Uint16Array = new Uint16Array(CHUNK);
}

/** Where requests come from. */
export interface TrafficSource {
  /** How many keys there are; a key of its own for each request if that is not known. */
  readonly keys: number | undefined;
  /** Fills a chunk with the next requests. @returns whether there were any */
  next(chunk: TrafficChunk): boolean | Promise<boolean>;
}

/** The traffic that a scenario describes. */
export class ScenarioTraffic implements TrafficSource {
  readonly keys: number | undefined;
  readonly #setup: Setup;
  readonly #names: string[] = [];
  readonly #gap: () => number;
  readonly #key: () => number;
  readonly #client: Random;
  readonly #size: () => number;
  readonly #write: Random;
  readonly #balancer: Random;
  readonly #hot: Random;
  readonly #isEverHot: boolean;
  #number = 0;
  #nowMs = 0;

  constructor(setup: Setup) {
    const { seed, keys, service, spells } = setup;
    const stream = (name: string) => seededStream(seed, name);
    this.#setup = setup;
    this.keys = keys.distribution === 'once' ? undefined : keys.count + 1;
    this.#gap = gapsOf(setup, stream('arrivals'), stream('bursts'));
    this.#key = keysOf(setup, stream('keys'));
    this.#client = stream('clients');
    this.#size = sizesOf(service, stream('sizes'));
    this.#write = stream('writes');
    this.#balancer = stream('balancers');
    this.#hot = stream('hot key');
    this.#isEverHot = keys.hot > 0 || spells.some(({ hot }) => hot > 0);
  }

  next(chunk: TrafficChunk): boolean {
    const { requests, keys, arrivals, balancers } = this.#setup;
    const { writes = 0 } = arrivals;
    const count = Math.min(CHUNK, requests - this.#number);
    for (let i = 0; i < count; i++) {
      const at = (this.#nowMs += this.#gap());
      let key = this.#key();
      if (this.#isEverHot && this.#hot() < this.#hotShare(at)) key = HOT;
      chunk.atMs[i] = at;
      chunk.keys[i] = key === HOT && this.keys !== undefined ? this.keys - 1 : key;
      chunk.names[i] = this.#nameOf(key);
      chunk.clients[i] = Math.floor(this.#client() * keys.clients);
      chunk.sizesMs[i] = this.#size();
      chunk.writes[i] = writes > 0 && this.#write() < writes ? 1 : 0;
      chunk.balancers[i] = balancers.length === 1 ? 0 : Math.floor(this.#balancer() * balancers.length);
    }
    this.#number += count;
    chunk.count = count;
    return count > 0;
  }

  #hotShare(at: number): number {
    let share = this.#setup.keys.hot;
    for (const { fromMs, untilMs, hot } of this.#setup.spells)
      if (at >= fromMs && at < untilMs) share = Math.max(share, hot);
    return share;
  }

  #nameOf(key: number): string {
    if (key === HOT) return '/hot';
    if (this.keys === undefined || key >= KEPT_NAMES) return `/item/${key}`;
    return (this.#names[key] ??= `/item/${key}`);
  }
}

/** The hot key, which is not among the others. */
const HOT = -1;

/** Times between requests, in milliseconds. */
function gapsOf(setup: Setup, random: Random, bursts: Random): () => number {
  const { arrivals, ratePerMs, spells, durationMs } = setup;
  const rate = { bursts: burstsOf(setup, bursts), day: dayOf(setup) };
  const isEven = arrivals.pattern === 'even';
  let now = 0;
  return () => {
    const factor = rate.bursts(now) * rate.day(now) * spellFactor(spells, now, durationMs);
    const gap = isEven ? 1 / (ratePerMs * factor) : exponential(random, 1 / (ratePerMs * factor));
    now += gap;
    return gap;
  };
}

function spellFactor(spells: readonly TrafficSpell[], now: number, durationMs: number): number {
  let product = 1;
  // What lasts to the end lasts on: the last requests may be a little late.
  for (const { fromMs, untilMs, factor } of spells)
    if (now >= fromMs && (now < untilMs || untilMs >= durationMs)) product *= factor;
  return product;
}

/** By which factor more requests come at a moment; 1 on average. */
function burstsOf({ arrivals: { bursts } }: Setup, random: Random): (now: number) => number {
  if (bursts === undefined) return () => 1;
  const { factor, onMs, offMs } = bursts;
  const quiet = (onMs + offMs) / (onMs * factor + offMs);
  let isOn = false;
  let until = exponential(random, offMs);
  return (now) => {
    while (now >= until) {
      isOn = !isOn;
      until += exponential(random, isOn ? onMs : offMs);
    }
    return isOn ? quiet * factor : quiet;
  };
}

/** By which factor more requests come at a time of the day; 1 on average over whole days. */
function dayOf({ arrivals: { day }, durationMs }: Setup): (now: number) => number {
  if (day === undefined) return () => 1;
  const { lengthMs = durationMs, lowest = 0.2 } = day;
  return (now) => {
    const time = (now / lengthMs) % 1;
    const x = time < 0.5 ? 2 * time : 2 - 2 * time;
    // A smooth step, as a sine is not the same on every runtime.
    const height = x * x * (3 - 2 * x);
    return (lowest + (1 - lowest) * height) / ((1 + lowest) / 2);
  };
}

function keysOf({ keys }: Setup, random: Random): () => number {
  const { distribution, count, exponent } = keys;
  if (distribution === 'zipf') return zipf(random, count, exponent);
  if (distribution === 'uniform') return () => Math.floor(random() * count);
  let number = 0;
  return () => number++;
}

/** Milliseconds of work. */
function sizesOf(service: Required<Service>, random: Random): () => number {
  const { distribution, meanMs, shape, longShare, longFactor, maxMs } = service;
  if (distribution === 'fixed') return () => Math.min(maxMs, meanMs);
  if (distribution === 'exponential') return () => Math.min(maxMs, exponential(random, meanMs));
  if (distribution === 'pareto') {
    const least = (meanMs * (shape - 1)) / shape;
    return () => Math.min(maxMs, least * pow(1 - random(), -1 / shape));
  }
  const short = meanMs / (1 - longShare + longShare * longFactor);
  return () => Math.min(maxMs, random() < longShare ? short * longFactor : short);
}
