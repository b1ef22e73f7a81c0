// The guard `slowStart`: raises the weight of a new or recovered backend step by step.

import type { BalancerEvent } from '../balancer/events.ts';
import type { Guard, GuardControl, GuardFactory } from '../balancer/guard.ts';
import { pow } from '../elementary-functions.ts';
import { type Bag, bag, checkBag, withDefaults } from '../options/bag.ts';
import { aNumber, anInteger, aPositive } from '../options/rule.ts';
import type { Backend } from '../strategies/strategy.ts';

/** Settings of {@link slowStart}. */
export interface SlowStartOptions {
  /** Time until a backend has its full weight, in milliseconds. @defaultValue 30,000 */
  readonly windowMs?: number;
  /**
   * Shape of the ramp, above 0: 1 is linear, above 1 the weight rises faster at first, below 1 slower.
   * @defaultValue 1
   */
  readonly aggression?: number;
  /** The share of its weight with which a backend begins, above 0 and up to 1. @defaultValue 0.1 */
  readonly floor?: number;
  /** Number of steps in which the weight rises, an integer of at least 1. @defaultValue 10 */
  readonly steps?: number;
}

type Settings = Required<SlowStartOptions>;

/** What is not given. */
export const SLOW_START_DEFAULTS: Settings = { windowMs: 30_000, aggression: 1, floor: 0.1, steps: 10 };

/** The rules of the options. */
export const SLOW_START: Bag<SlowStartOptions> = bag<SlowStartOptions>({
  windowMs: aPositive,
  aggression: aPositive,
  floor: aNumber('a number above 0 and up to 1', (share) => share > 0 && share <= 1),
  steps: anInteger(1),
});

/** Rounding tolerance: a step that is due but for a rounding error is due. */
const EPSILON = 1e-9;
/**
 * A step may be delayed by this share of a step, to combine steps of several backends: each rebuild of a ring
 * costs O(points).
 */
const PATIENCE = 0.1;

/**
 * Raises the weight of a new or recovered backend in steps over `windowMs`, to
 * `max(floor, (elapsed / windowMs) ^ (1 / aggression))` of its full weight. A rising weight only adds points
 * to a ring, so each key moves at most once.
 *
 * Slow start begins when a backend is added, marked up, back from an ejection, or its breaker closes. It does
 * not begin if no other backend is eligible, if all others are new as well, in a crisis, or for a backend
 * that trials have brought back to its load before it was called well again. List it after the
 * guards that bring backends back, so that it takes effect in the same decision. It never bars a backend. It
 * costs nothing while no backend is starting.
 *
 * @throws RangeError if an option is out of its range
 * @see
 * {@link https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/slow_start |
 * Envoy, slow start}
 */
export function slowStart(options: SlowStartOptions = {}): GuardFactory {
  checkBag(options, SLOW_START, 'slowStart');
  const settings = withDefaults(options, SLOW_START_DEFAULTS);
  return (control) => new SlowStart(control, settings);
}

interface Arrival {
  /** In milliseconds of the clock. */
  readonly at: number;
  /** Whether it was down or ejected before. */
  readonly wasUnhealthy: boolean;
}

class SlowStart implements Guard {
  readonly isHealth = false;
  dueAt = Number.POSITIVE_INFINITY;
  /** Backends that were added or came back since the last `advance`, by id. */
  readonly #arrived = new Map<string, Arrival>();
  /** The backends that are starting, by id. */
  readonly #starting = new Map<
    string,
    { readonly backend: Backend; readonly startedAt: number; scale: number }
  >();
  #isCrisis = false;
  readonly #control: GuardControl;
  readonly #settings: Settings;

  constructor(control: GuardControl, settings: Settings) {
    this.#control = control;
    this.#settings = settings;
    control.subscribe((event) => this.#listen(event));
  }

  advance(now: number): void {
    if (this.#arrived.size > 0) this.#begin();
    this.dueAt = Number.POSITIVE_INFINITY;
    const factors = new Map<Backend, number>();
    for (const [id, one] of this.#starting) {
      const scale = this.#scaleAt(now - one.startedAt);
      if (scale !== one.scale) factors.set(one.backend, (one.scale = scale));
      if (scale === 1) this.#starting.delete(id);
      else this.dueAt = Math.min(this.dueAt, one.startedAt + this.#nextStepAfter(now - one.startedAt));
    }
    if (factors.size === 0) return;
    const { windowMs, steps } = this.#settings;
    this.dueAt = Math.max(this.dueAt, now + (windowMs / steps) * PATIENCE);
    this.#control.scale(factors);
  }

  verdict(): string {
    return 'starting';
  }

  #listen(event: BalancerEvent): void {
    switch (event.type) {
      case 'crisis':
        this.#isCrisis = event.crisis;
        break;
      case 'removed':
        this.#starting.delete(event.backend);
        break;
      case 'added':
      case 'up':
      case 'returned':
      case 'closed':
        // Begin at the next decision: the pool may be in the middle of a change, and more backends may come
        // back with it.
        this.#arrived.set(event.backend, {
          at: this.#control.clock.now(),
          wasUnhealthy: event.type === 'up' || event.type === 'returned',
        });
        this.dueAt = Number.NEGATIVE_INFINITY;
    }
  }

  /** Begins slow start for the arrived backends, if another backend can carry the load meanwhile. */
  #begin(): void {
    const arrived = new Map(this.#arrived);
    this.#arrived.clear();
    const { backends } = this.#control;
    const isCarried = backends.some((other) => !arrived.has(other.id) && this.#control.isWell(other));
    if (this.#isCrisis || !isCarried) return;
    for (const backend of backends) {
      const arrival = arrived.get(backend.id);
      if (arrival === undefined || (arrival.wasUnhealthy && this.#control.isProven(backend))) continue;
      const scale = this.#starting.get(backend.id)?.scale ?? 1;
      this.#starting.set(backend.id, { backend, startedAt: arrival.at, scale });
    }
  }

  #scaleAt(elapsedMs: number): number {
    const { steps, aggression, floor } = this.#settings;
    // If the clock was set back, the share must not be negative, as its power would be NaN.
    const share = Math.min(1, Math.max(0, this.#stepAt(elapsedMs) / steps));
    return Math.max(floor, pow(share, 1 / aggression));
  }

  #stepAt(elapsedMs: number): number {
    const { windowMs, steps } = this.#settings;
    return Math.floor((elapsedMs / windowMs) * steps + EPSILON);
  }

  #nextStepAfter(elapsedMs: number): number {
    const { windowMs, steps } = this.#settings;
    return ((this.#stepAt(elapsedMs) + 1) * windowMs) / steps;
  }
}
