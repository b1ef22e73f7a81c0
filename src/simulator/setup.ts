// Turns a scenario into what a run needs: every default filled in, shares of the run into milliseconds, and
// names of backends into numbers.
import { withDefaults } from '../options/bag.ts';
import { nearestHint } from '../options/rule.ts';
import type { Antagonist, BackendGroup } from './backend-group.ts';
import { type ContenderSetup, contendersOf } from './contenders.ts';
import type { TimelineEvent } from './result.ts';
import type { Arrivals, Keys, Measure, ScenarioRequest, Service } from './scenario.ts';
import type { BackendNames, EventDuration, EventTime, ScenarioEvent } from './scenario-events.ts';
import { checkScenario } from './scenario-rules.ts';
import type { ServerOptions } from './simulated-server.ts';

/** A backend of a run. */
export interface BackendSetup {
  readonly name: string;
  readonly server: ServerOptions;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly antagonist: Antagonist | undefined;
  /** Whether it is in the pool from the start. */
  readonly isFirst: boolean;
}

/** What happens at a moment, by the numbers of the backends. */
export type Step = { readonly atMs: number } & (
  | { readonly act: 'refuse' | 'freeze' | 'kill' | 'recover' | 'join' | 'leave'; readonly backends: Numbers }
  | { readonly act: 'drain' | 'resume'; readonly backends: Numbers }
  | { readonly act: 'slow'; readonly backends: Numbers; readonly factor: number }
  | { readonly act: 'errors'; readonly backends: Numbers; readonly ratio: number; readonly status: number }
  | { readonly act: 'weight'; readonly backends: Numbers; readonly weight: number | undefined }
  | { readonly act: 'redeploy'; readonly backends: Numbers; readonly downMs: number; readonly waitMs: number }
  | { readonly act: 'storm'; readonly retries: number }
);

type Numbers = readonly number[];

/** A time in which the traffic differs. */
export interface TrafficSpell {
  readonly fromMs: number;
  readonly untilMs: number;
  /** By which factor more requests come. */
  readonly factor: number;
  /** Share of requests for the hot key. */
  readonly hot: number;
}

/** A scenario with everything filled in. */
export interface Setup {
  readonly name: string;
  readonly seed: number;
  /** Requests for each contender in each placement. */
  readonly requests: number;
  /** The requests themselves, if the scenario lists them. */
  readonly listed: readonly ScenarioRequest[] | undefined;
  /** How long the requests take to come, on average. */
  readonly durationMs: number;
  /** Mean requests a millisecond, without bursts that are events. */
  readonly ratePerMs: number;
  readonly backends: readonly BackendSetup[];
  /** The zone of each balancer. */
  readonly balancers: readonly (string | undefined)[];
  readonly arrivals: Arrivals;
  readonly keys: Required<Keys>;
  readonly service: Required<Service>;
  readonly spells: readonly TrafficSpell[];
  readonly steps: readonly Step[];
  readonly timeline: readonly TimelineEvent[];
  readonly contenders: readonly ContenderSetup[];
  readonly measure: Required<Omit<Measure, 'floor'>> & Pick<Measure, 'floor'>;
}

const SERVICE: Required<Service> = {
  distribution: 'exponential',
  meanMs: 10,
  shape: 1.5,
  longShare: 0.01,
  longFactor: 100,
  maxMs: Number.POSITIVE_INFINITY,
};
const KEYS: Required<Keys> = { distribution: 'zipf', count: 10_000, exponent: 0.9, hot: 0, clients: 1_000 };
const CONCURRENCY = 4;
const SPEED_UP = 10;

/** @throws TypeError or RangeError that names the place, the rule and the value */
export function setupOf(scenario: unknown): Setup {
  checkScenario(scenario);
  const { name = 'scenario', seed = 1, requests = 50_000, events = [], balancers = 1 } = scenario;
  const listed = typeof requests === 'number' ? undefined : requests;
  const asked = typeof requests === 'number' ? requests : requests.length;
  const keys = withDefaults(scenario.keys ?? {}, KEYS);
  const service = withDefaults(scenario.service ?? {}, SERVICE);
  const first = backendsOf(scenario.backends, 0, true);
  const durationMs =
    listed === undefined
      ? asked / rateOf(scenario.arrivals ?? { load: 0.7 }, first, service)
      : (listed.at(-1) as ScenarioRequest).atMs;
  const ratePerMs = asked / durationMs;
  const backends = [...first];
  for (const event of events)
    if (event.type === 'join') backends.push(...backendsOf(event.backends, backends.length, false));
  const numbers = new Map(backends.map((backend, i) => [backend.name, i]));
  if (numbers.size < backends.length) throw new TypeError(`backends must have names of their own`);
  const story = new Story(durationMs, numbers, first.length);
  for (const [i, event] of events.entries()) story.tell(event, `events[${i}]`);
  const group = typeof balancers === 'number' ? { count: balancers } : balancers;
  const { zones = [] } = group;
  const extra = story.spells.reduce(
    (sum, { fromMs, untilMs, factor }) => sum + ((untilMs - fromMs) / durationMs) * (factor - 1),
    0,
  );
  return {
    name,
    seed,
    requests: listed === undefined ? Math.max(1, Math.round(asked * (1 + extra))) : asked,
    listed,
    durationMs,
    ratePerMs,
    backends,
    balancers: Array.from({ length: group.count ?? 1 }, (_, i) => zones[i % Math.max(1, zones.length)]),
    arrivals: scenario.arrivals ?? {},
    keys,
    service,
    spells: story.spells,
    steps: story.steps.sort((a, b) => a.atMs - b.atMs),
    timeline: story.timeline.sort((a, b) => a.atMs - b.atMs),
    contenders: contendersOf(scenario.contenders, scenario.settings),
    measure: withDefaults(scenario.measure ?? {}, { placements: 5, warmUp: 0.2, points: 100, trace: 0 }),
  };
}

function backendsOf(
  groups: number | readonly BackendGroup[],
  before: number,
  isFirst: boolean,
): BackendSetup[] {
  const backends: BackendSetup[] = [];
  for (const group of typeof groups === 'number' ? [{ count: groups }] : groups) {
    const { count = 1, name = 'b', speed = 1, concurrency = CONCURRENCY, cache, weight = 1 } = group;
    const { size, speedUp = SPEED_UP } = typeof cache === 'number' ? { size: cache } : (cache ?? {});
    for (let i = 0; i < count; i++)
      backends.push({
        name: `${name}${before + backends.length + 1}`,
        server: {
          speed,
          concurrency,
          ...(size !== undefined && { cache: { size, factor: speedUp } }),
        },
        weight,
        zone: group.zone,
        antagonist: group.antagonist,
        isFirst,
      });
  }
  return backends;
}

/** Requests a millisecond. */
function rateOf({ perSecond, load = 0.7 }: Arrivals, backends: readonly BackendSetup[], service: Service) {
  if (perSecond !== undefined) return perSecond / 1_000;
  const atOnce = backends.reduce(
    (sum, { server: { speed = 1, concurrency = 1 } }) => sum + speed * concurrency,
    0,
  );
  return (load * atOnce) / (service.meanMs ?? SERVICE.meanMs);
}

/** Turns events into steps, spells of traffic and lines on the time line. */
class Story {
  readonly steps: Step[] = [];
  readonly spells: TrafficSpell[] = [];
  readonly timeline: TimelineEvent[] = [];
  readonly #durationMs: number;
  readonly #numbers: ReadonlyMap<string, number>;
  /** Number of the next backend that joins. */
  #next: number;

  constructor(durationMs: number, numbers: ReadonlyMap<string, number>, first: number) {
    this.#durationMs = durationMs;
    this.#numbers = numbers;
    this.#next = first;
  }

  tell(event: ScenarioEvent, place: string): void {
    const atMs = this.#moment(event, place);
    const untilMs = this.#end(event as EventDuration, atMs);
    const until = untilMs ?? this.#durationMs;
    switch (event.type) {
      case 'crash': {
        const { how = 'reset' } = event;
        const backends = this.#backends(event.backends, place);
        const act = how === 'refuse' ? 'refuse' : how === 'hang' ? 'freeze' : 'kill';
        this.steps.push({ atMs, act, backends });
        if (untilMs !== undefined) this.steps.push({ atMs: untilMs, act: 'recover', backends });
        this.#line(event.type, atMs, untilMs, backends, `crash (${how})`);
        break;
      }
      case 'restart': {
        const { downMs = 2_000 } = event;
        const backends = this.#backends(event.backends, place);
        this.steps.push({ atMs, act: 'kill', backends });
        this.steps.push({ atMs: atMs + downMs, act: 'recover', backends });
        this.#line(event.type, atMs, atMs + downMs, backends, 'restart');
        break;
      }
      case 'slow': {
        const { factor } = event;
        const backends = this.#backends(event.backends, place);
        this.steps.push({ atMs, act: 'slow', backends, factor });
        if (untilMs !== undefined)
          this.steps.push({ atMs: untilMs, act: 'slow', backends, factor: 1 / factor });
        this.#line(event.type, atMs, untilMs, backends, `${factor} times as slow`);
        break;
      }
      case 'errors': {
        const { ratio = 1, status = 503 } = event;
        const backends = this.#backends(event.backends, place);
        this.steps.push({ atMs, act: 'errors', backends, ratio, status });
        if (untilMs !== undefined)
          this.steps.push({ atMs: untilMs, act: 'errors', backends, ratio: 0, status });
        this.#line(event.type, atMs, untilMs, backends, `status ${status} to ${percent(ratio)} of requests`);
        break;
      }
      case 'join': {
        const { length } = backendsOf(event.backends, 0, false);
        const backends = Array.from({ length }, () => this.#next++);
        this.steps.push({ atMs, act: 'join', backends });
        this.#line(event.type, atMs, undefined, backends, 'join');
        break;
      }
      case 'leave':
      case 'drain': {
        const backends = this.#backends(event.backends, place);
        this.steps.push({ atMs, act: event.type, backends });
        const back = event.type === 'leave' ? 'join' : 'resume';
        if (untilMs !== undefined) this.steps.push({ atMs: untilMs, act: back, backends });
        this.#line(event.type, atMs, untilMs, backends, event.type);
        break;
      }
      case 'weight': {
        const { weight } = event;
        const backends = this.#backends(event.backends, place);
        this.steps.push({ atMs, act: 'weight', backends, weight });
        if (untilMs !== undefined)
          this.steps.push({ atMs: untilMs, act: 'weight', backends, weight: undefined });
        this.#line(event.type, atMs, untilMs, backends, `weight ${weight}`);
        break;
      }
      case 'deploy': {
        const { everyMs = 3_000, downMs = 2_000, how = 'finish' } = event;
        const backends = this.#backends(event.backends ?? 'all', place);
        for (const [i, number] of backends.entries()) {
          const at = atMs + i * everyMs;
          if (how === 'drain')
            this.steps.push({ atMs: at, act: 'redeploy', backends: [number], downMs, waitMs: everyMs / 2 });
          else {
            this.steps.push({ atMs: at, act: how === 'kill' ? 'kill' : 'refuse', backends: [number] });
            this.steps.push({ atMs: at + downMs, act: 'recover', backends: [number] });
          }
        }
        const end = atMs + (backends.length - 1) * everyMs + downMs;
        this.#line(event.type, atMs, end, backends, `rolling deployment (${how})`);
        break;
      }
      case 'burst':
        this.spells.push({ fromMs: atMs, untilMs: until, factor: event.factor, hot: 0 });
        this.#line(event.type, atMs, untilMs, [], `${event.factor} times as many requests`);
        break;
      case 'hot-key':
        this.spells.push({ fromMs: atMs, untilMs: until, factor: 1, hot: event.share });
        this.#line(event.type, atMs, untilMs, [], `one key gets ${percent(event.share)} of requests`);
        break;
      case 'retry-storm': {
        const { retries = 3 } = event;
        this.steps.push({ atMs, act: 'storm', retries });
        if (untilMs !== undefined) this.steps.push({ atMs: untilMs, act: 'storm', retries: 0 });
        this.#line(event.type, atMs, untilMs, [], `clients retry up to ${retries} times`);
        break;
      }
    }
  }

  #line(type: string, atMs: number, untilMs: number | undefined, numbers: Numbers, text: string): void {
    const names = [...this.#numbers.keys()];
    const backends = numbers.map((number) => names[number] as string);
    const who =
      backends.length === 0
        ? ''
        : `${backends.length <= 3 ? backends.join(', ') : `${backends.length} backends`}: `;
    this.timeline.push({ type, atMs, untilMs, backends, text: who + text });
  }

  #moment({ at, atMs }: EventTime, place: string): number {
    const moment = atMs ?? (at as number) * this.#durationMs;
    if (moment > this.#durationMs)
      throw new RangeError(
        `${place}.atMs must be within the run, which takes ${Math.round(this.#durationMs)} ms, got ${moment}`,
      );
    return moment;
  }

  #end(event: EventDuration, atMs: number): number | undefined {
    if (event.forMs !== undefined) return atMs + event.forMs;
    return event.for === undefined ? undefined : atMs + event.for * this.#durationMs;
  }

  #backends(names: BackendNames, place: string): number[] {
    if (names === 'all') return [...this.#numbers.values()];
    return (typeof names === 'string' ? [names] : names).map((name) => {
      const number = this.#numbers.get(name);
      if (number !== undefined) return number;
      const known = [...this.#numbers.keys()];
      const hint =
        nearestHint(name, known) ||
        `; there is ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', ...' : ''}`;
      throw new RangeError(`${place}.backends names ${JSON.stringify(name)}, which is no backend${hint}`);
    });
  }
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
