// One run: clients send calls, servers answer them, and what came of it is counted.
import type { Call, CallerFactory, World } from './call.ts';
import { exponential, type Random, seededRandom } from './random.ts';
import { type ServerOptions, SimulatedServer } from './simulated-server.ts';
import { VirtualEnv } from './virtual-env.ts';

/** What a run is made of. */
export interface Experiment {
  /** Decides about everything random. */
  readonly seed: number;
  /** One for each server. */
  readonly servers: readonly ServerOptions[];
  /** How many balancers the calls come through, each at random. @defaultValue 1 */
  readonly balancers?: number;
  readonly caller: CallerFactory;
  /** Mean calls a millisecond; they come independently of each other. */
  readonly rate: number;
  /** When the last call comes, in milliseconds. */
  readonly untilMs: number;
  /** Which calls count: those that come from, and before, these moments. @defaultValue all */
  readonly measured?: readonly [fromMs: number, untilMs: number];
  /**
   * What is asked for.
   * @defaultValue a GET of a key of its own, of 10 ms on average, exponentially distributed
   */
  readonly draw?: (random: Random, number: number) => Partial<Omit<Call, 'number'>>;
  /** Lets something happen to the servers. */
  readonly events?: readonly { readonly atMs: number; readonly happen: (world: World) => void }[];
}

/** What came of a run. */
export interface Outcomes {
  /** Calls that count. */
  readonly calls: number;
  /** Those of them that ended with a status of 500 or above, or not at all. */
  readonly errors: number;
  readonly errorRatio: number;
  /** How many calls ended with which status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Milliseconds until the answer, over calls without an error. */
  readonly latencyMs: { readonly mean: number; readonly p50: number; readonly p99: number };
  /** What each server received, over the whole run. */
  readonly received: readonly number[];
  /** The most that a server received, over the mean. */
  readonly mostOverMean: number;
  /** Share of received requests whose key was in the server's cache. */
  readonly hitRatio: number;
}

/** Milliseconds that calls get to end after the last one has come. */
const REST_MS = 30_000;
const MEAN_SIZE_MS = 10;

/** Runs an experiment whose caller needs no promise. */
export function simulate(experiment: Experiment): Outcomes {
  const run = new Run(experiment);
  run.world.env.run(experiment.untilMs + REST_MS);
  return run.outcomes();
}

/** Runs an experiment. @param turns - lets time pass, and promises settle between events */
export async function simulateInTurns(
  experiment: Experiment,
  turns: (env: VirtualEnv, untilMs: number) => Promise<void>,
): Promise<Outcomes> {
  const run = new Run(experiment);
  await turns(run.world.env, experiment.untilMs + REST_MS);
  return run.outcomes();
}

class Run {
  readonly world: World;
  readonly #experiment: Experiment;
  readonly #latencies: number[] = [];
  readonly #statuses = new Map<number, number>();
  /** Calls that count, answered or not. */
  #begun = 0;

  constructor(experiment: Experiment) {
    this.#experiment = experiment;
    const { seed, servers, balancers = 1, caller, events = [], draw } = experiment;
    const env = new VirtualEnv(seed);
    const all = servers.map((options, place) => new SimulatedServer(env, urlOf(place), options));
    this.world = { env, servers: new Map(all.map((server) => [server.url, server])) };
    const callers = Array.from({ length: balancers }, (_, i) =>
      caller(this.world, seededRandom(seed, `balancer ${i}`)),
    );
    for (const { atMs, happen } of events) env.at(atMs, () => happen(this.world));
    // One stream for each purpose: callers compared with each other get the same traffic.
    const arrivals = seededRandom(seed, 'arrivals');
    const doors = seededRandom(seed, 'balancers');
    const drawn = seededRandom(seed, 'calls');
    let number = 0;
    const next = () => {
      if (env.now >= experiment.untilMs) return;
      const own = draw?.(drawn, number) ?? {};
      const call: Call = {
        number,
        key: own.key ?? `/item/${number}`,
        clientAddress: own.clientAddress ?? 'client',
        method: own.method ?? 'GET',
        sizeMs: own.sizeMs ?? exponential(drawn, MEAN_SIZE_MS),
        isPoison: own.isPoison ?? false,
      };
      number++;
      const door = callers.length === 1 ? 0 : Math.floor(doors() * callers.length);
      const at = env.now;
      const counts = this.#counts(at);
      if (counts) this.#begun++;
      callers[door]?.send(call, (status) => counts && this.#note(at, status));
      env.after(exponential(arrivals, 1 / experiment.rate), next);
    };
    env.after(exponential(arrivals, 1 / experiment.rate), next);
  }

  outcomes(): Outcomes {
    const latencies = Float64Array.from(this.#latencies).sort();
    const at = (share: number) => latencies[Math.ceil(share * latencies.length) - 1] ?? Number.NaN;
    const count = (is: (status: number) => boolean) =>
      [...this.#statuses].reduce((sum, [status, calls]) => sum + (is(status) ? calls : 0), 0);
    const calls = this.#begun;
    const errors = calls - count((status) => status < 500);
    const all = [...this.world.servers.values()];
    const received = all.map((server) => server.received);
    const sum = received.reduce((total, one) => total + one, 0);
    return {
      calls,
      errors,
      errorRatio: errors / calls,
      statuses: this.#statuses,
      latencyMs: {
        mean: latencies.reduce((total, one) => total + one, 0) / latencies.length,
        p50: at(0.5),
        p99: at(0.99),
      },
      received,
      mostOverMean: Math.max(...received) / (sum / received.length),
      hitRatio: all.reduce((total, { hits }) => total + hits, 0) / sum,
    };
  }

  #counts(at: number): boolean {
    const [from, until] = this.#experiment.measured ?? [0, Number.POSITIVE_INFINITY];
    return at >= from && at < until;
  }

  #note(at: number, status: number): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (status < 500) this.#latencies.push(this.world.env.now - at);
  }
}

/** The URL of a server by its place. */
export function urlOf(place: number): string {
  return `http://10.0.${place >> 8}.${place & 255}:8080`;
}
