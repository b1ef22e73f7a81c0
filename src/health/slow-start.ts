import type { BalancerEvent } from '../balancer/events.ts';
import type { Guard, GuardControl, GuardFactory } from '../balancer/guard.ts';
import { assertOption } from '../balancer/options.ts';
import type { Backend } from '../strategies/strategy.ts';

/** Settings of {@link slowStart}. */
export interface SlowStartOptions {
  /** How long it takes until a backend has its whole weight, in milliseconds. @defaultValue 30,000 */
  readonly windowMs?: number;
  /** Above 1 the weight rises faster at first, below 1 slower; above 0. @defaultValue 1, which is a straight line */
  readonly aggression?: number;
  /** With which share of its weight a backend begins, above 0 and up to 1. @defaultValue 0.1 */
  readonly floor?: number;
  /** In how many steps the weight rises, an integer of at least 1. @defaultValue 10 */
  readonly steps?: number;
}

type Settings = Required<SlowStartOptions>;

/** Keeps a step that has come but for the last bit from being missed. */
const EPSILON = 1e-9;
/** A step may wait for this share of one for others to join it: each call costs O(points) where there is a ring. */
const PATIENCE = 0.1;

/**
 * Lets the weight of a backend that is new or back rise from `floor` to 1 over `windowMs`, as
 * `max(floor, (elapsed / windowMs) ^ (1 / aggression))`, in steps. A ring then only gains points, so that each key moves once.
 *
 * A backend starts slowly when it is added, up again, back from an ejection, or its breaker closes; not where nobody else may
 * serve, or all others are as new, or the pool is in panic. Best listed after the guards that bring backends back, so that it
 * starts in the decision in which they do. Never keeps a backend from serving. Costs nothing while nobody is starting.
 *
 * @throws RangeError where an option is out of its range
 * @see {@link https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/slow_start | Envoy, slow start}
 */
export function slowStart(options: SlowStartOptions = {}): GuardFactory {
  const settings = readOptions(options);
  return (control) => new SlowStart(control, settings);
}

class SlowStart implements Guard {
  readonly isHealth = false;
  dueAt = Number.POSITIVE_INFINITY;
  /** Ids of those that have come since the last settling, and when; milliseconds of the clock. */
  readonly #arrived = new Map<string, number>();
  /** When each of those that are starting began, by id. */
  readonly #starting = new Map<
    string,
    { readonly backend: Backend; readonly startedAt: number; scale: number }
  >();
  #panic = false;
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
      case 'panic':
        this.#panic = event.panic;
        break;
      case 'removed':
        this.#starting.delete(event.backend);
        break;
      case 'added':
      case 'up':
      case 'returned':
      case 'closed':
        // Settled with the next decision: the pool may be in the middle of a change, and others may come as well.
        this.#arrived.set(event.backend, this.#control.clock.now());
        this.dueAt = Number.NEGATIVE_INFINITY;
    }
  }

  /** Those that have come begin to start, if somebody else carries the load meanwhile. */
  #begin(): void {
    const arrived = new Map(this.#arrived);
    this.#arrived.clear();
    const { backends } = this.#control;
    const isCarried = backends.some((other) => !arrived.has(other.id) && this.#control.isEligible(other));
    if (this.#panic || !isCarried) return;
    for (const backend of backends) {
      const startedAt = arrived.get(backend.id);
      if (startedAt === undefined) continue;
      const scale = this.#starting.get(backend.id)?.scale ?? 1;
      this.#starting.set(backend.id, { backend, startedAt, scale });
    }
  }

  #scaleAt(elapsedMs: number): number {
    const { steps, aggression, floor } = this.#settings;
    // A clock that was set back must not make it less than nothing, of which there is no power.
    const share = Math.min(1, Math.max(0, this.#stepAt(elapsedMs) / steps));
    return Math.max(floor, share ** (1 / aggression));
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

function readOptions({
  windowMs = 30_000,
  aggression = 1,
  floor = 0.1,
  steps = 10,
}: SlowStartOptions): Settings {
  const name = 'slowStart';
  const isPositive = (value: number) => Number.isFinite(value) && value > 0;
  assertOption(isPositive(windowMs), `${name}.windowMs`, 'a finite number above 0', windowMs);
  assertOption(isPositive(aggression), `${name}.aggression`, 'a finite number above 0', aggression);
  assertOption(isPositive(floor) && floor <= 1, `${name}.floor`, 'a number above 0 and up to 1', floor);
  assertOption(Number.isSafeInteger(steps) && steps >= 1, `${name}.steps`, 'an integer of at least 1', steps);
  return { windowMs, aggression, floor, steps };
}
