// Replays an access log: what each contender would have done with this traffic.
import { digest } from '../../hashing/hash.ts';
import { bag, checkBag } from '../../options/bag.ts';
import { aFunction, aNumber, anObject, aSignal, aText, type Rule } from '../../options/rule.ts';
import type { SimulationResult } from '../result.ts';
import type { Contender, ContenderStrategy, Scenario } from '../scenario.ts';
import { setupOf } from '../setup.ts';
import { compare, type SimulateOptions } from '../simulate.ts';
import { answerOf, type PoolSize } from './answer.ts';
import type { LogPieces } from './line-reader.ts';
import { type LogFacts, LogReader, type ReplayKey } from './log-reader.ts';
import { LogTraffic } from './log-traffic.ts';
import type { LogRow } from './sort-window.ts';

/**
 * An access log in pieces of text or bytes; or a function that opens it, which may be called several times.
 * Then a log of any length can be replayed in little memory.
 */
export type LogSource = LogPieces | (() => LogPieces);

/** The parts of a scenario that a replay takes. The requests are those of the log. */
export type ReplayScenario = Partial<Omit<Scenario, 'requests' | 'keys'>>;

/** Options of {@link replay}. */
export interface ReplayOptions extends SimulateOptions {
  /**
   * `combined` (and common), `json`, `haproxy`, `envoy`, `traefik`, `caddy`, `evenkeel`, `har`, or a
   * `log_format` of nginx with its variables.
   * @defaultValue what fits the first 50 lines
   */
  readonly format?: string;
  /** What keeps requests together for all contenders. @defaultValue the path; `ip-hash` goes by the client */
  readonly key?: ReplayKey;
  /**
   * By which factor requests come faster than in the log, above 0.
   * @defaultValue so much that the backends are busy for half of the time if no request is a cache hit, at
   * least 1
   */
  readonly speedUp?: number;
  /**
   * If the log has no durations: how many bytes of a response take one millisecond of work.
   * @defaultValue `scenario.service` says how long requests take
   */
  readonly bytesPerMs?: number;
  /**
   * Backends, contenders, events and so on. With `arrivals`, requests come as these say, in the order of the
   * log.
   * @defaultValue 10 backends with a cache for a tenth of the paths each, and eight contenders
   */
  readonly scenario?: ReplayScenario;
}

/** The result of {@link replay}. */
export interface ReplayResult {
  readonly log: LogFacts;
  /** By which factor requests came faster; `undefined` if the scenario said when. */
  readonly speedUp: number | undefined;
  /** What each contender would have done. */
  readonly simulation: SimulationResult;
  /** What the default strategy would have done with half and with twice as many backends. */
  readonly sizes: readonly PoolSize[];
  /** What bound, strategy and number of backends would have done, in one sentence. */
  readonly answer: string;
  /** A digest of all the above. */
  readonly digest: string;
}

/** So many rows are kept; a longer log is read again, if it can be opened again. */
const KEPT_ROWS = 1_000_000;
/** Share of the time that backends are busy if no request is a hit, unless the caller says. */
const LOAD = 0.5;
const BACKENDS = 10;
/** Up to this many requests, all placements are simulated; of longer logs, fewer. */
const PLACED = 500_000;

/** What is compared if the caller does not say. */
const CONTENDERS: readonly Contender[] = [
  { strategy: 'round-robin' },
  { strategy: 'least-connections' },
  { strategy: 'ip-hash' },
  { strategy: 'consistent-hash' },
  { strategy: 'consistent-hash', label: 'factor 1.1', bounds: { factor: 1.1 } },
  { strategy: 'consistent-hash', label: 'z 2', bounds: { z: 2 } },
  { strategy: 'consistent-hash', label: 'strict bound', bounds: { z: 0, rememberedKeys: 0 } },
  { strategy: 'consistent-hash', label: 'no bound', bounds: { factor: Number.POSITIVE_INFINITY } },
];

const aKey: Rule = {
  words: "'path', 'ip' or an object with the name of a header",
  holds: (key) =>
    key === 'path' || key === 'ip' || typeof (key as { header?: unknown } | null)?.header === 'string',
};
const aFactor: Rule = aNumber(
  'a finite number above 0',
  (value) => value > 0 && value < Number.POSITIVE_INFINITY,
);

const OPTIONS = bag<ReplayOptions>({
  format: aText,
  key: aKey,
  speedUp: aFactor,
  bytesPerMs: aFactor,
  scenario: anObject,
  signal: aSignal,
  onProgress: aFunction,
});

/**
 * Replays an access log with the engine as it is: its paths, clients and times, and its durations if it has
 * them. The same log gives the same result on every runtime.
 *
 * Lines that cannot be read are counted and left out. Lines are sorted within 60 s or a million lines.
 * Requests are given to the contenders at the times of the log, with `speedUp`; most logs come from servers
 * with little to do, where every strategy does well.
 *
 * @returns a promise of plain data; rejects with a TypeError or RangeError if the format is not known, the
 * log has no request, or an option is wrong
 */
export async function replay(log: LogSource, options: ReplayOptions = {}): Promise<ReplayResult> {
  checkBag(options, OPTIONS, '', 'replay');
  const { format, key = 'path', scenario = {}, bytesPerMs, signal, onProgress } = options;
  const reader = new LogReader(format, key);
  const kept = await keptRows(log, reader);
  const { facts } = reader;
  if (facts.requests === 0) throw new TypeError(`log must have a request, got ${facts.lines} lines without`);
  const traffic = (backends: number | undefined) => {
    const whole = scenarioFor(scenario, facts, { key, backends, bytesPerMs, speedUp: options.speedUp });
    const setup = setupOf(whole.scenario);
    const rows = kept === undefined ? reader.read(opened(log)) : kept.values();
    return {
      setup,
      speedUp: whole.speedUp,
      source: new LogTraffic(setup, reader, rows, { speedUp: whole.speedUp, bytesPerMs }),
    };
  };
  const { setup, speedUp, source } = traffic(undefined);
  const simulation = await compare(setup, source, {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const sizes: PoolSize[] = [];
  const count = setup.backends.length;
  const isPlain = scenario.backends === undefined || typeof scenario.backends === 'number';
  for (const backends of isPlain && simulation.isComplete ? [Math.ceil(count / 2), 2 * count] : []) {
    if (signal?.aborted === true || backends === count) continue;
    const other = traffic(backends);
    const alone = { ...other.setup, contenders: other.setup.contenders.filter(isDefault).slice(0, 1) };
    if (alone.contenders.length === 0) continue;
    const { contenders, isComplete } = await compare(alone, other.source, signal ? { signal } : {});
    const [only] = contenders;
    if (isComplete && only !== undefined) sizes.push({ backends, figures: only.figures });
  }
  const result = {
    log: facts,
    speedUp,
    simulation,
    sizes,
    answer: answerOf(simulation, sizes, count),
  };
  return { ...result, digest: digest(JSON.stringify(result)) };
}

const isDefault = ({ label }: { readonly label: string }) => label === 'consistent-hash';

function opened(log: LogSource): LogPieces {
  return typeof log === 'function' ? log() : log;
}

/** Reads the log once. @returns its rows; `undefined` if there are too many and it can be read again */
async function keptRows(log: LogSource, reader: LogReader): Promise<LogRow[][] | undefined> {
  let kept: LogRow[][] | undefined = [];
  let count = 0;
  for await (const rows of reader.read(opened(log))) {
    count += rows.length;
    if (typeof log === 'function' && count > KEPT_ROWS) kept = undefined;
    kept?.push([...rows]);
  }
  return kept;
}

/** The scenario of a log. */
function scenarioFor(
  scenario: ReplayScenario,
  facts: LogFacts,
  {
    key,
    backends = typeof scenario.backends === 'number' ? scenario.backends : undefined,
    bytesPerMs,
    speedUp,
  }: {
    readonly key: ReplayKey;
    readonly backends: number | undefined;
    readonly bytesPerMs: number | undefined;
    readonly speedUp: number | undefined;
  },
): { scenario: Scenario; speedUp: number | undefined } {
  const { requests, paths, meanBytes, meanDurationMs, fromMs, untilMs } = facts;
  const groups =
    typeof scenario.backends === 'object' && backends === undefined
      ? scenario.backends
      : [{ count: backends ?? BACKENDS, cache: Math.max(1, Math.ceil(paths / 10)) }];
  const { placements = Math.min(5, Math.max(1, Math.floor(PLACED / requests))) } = scenario.measure ?? {};
  const contenders = (scenario.contenders ?? CONTENDERS).map((one) => (key === 'path' ? one : byClient(one)));
  const base = {
    name: `replay of ${requests} requests`,
    ...scenario,
    requests,
    backends: groups,
    keys: { distribution: 'once' as const },
    contenders: key === 'path' ? contenders : contenders.filter((one) => !isIpHash(one)),
    measure: { ...scenario.measure, placements },
  };
  if (scenario.arrivals !== undefined) return { scenario: base, speedUp: undefined };
  const spanMs = Math.max(1, untilMs - fromMs);
  const meanMs =
    meanDurationMs ?? (bytesPerMs === undefined ? (scenario.service?.meanMs ?? 10) : meanBytes / bytesPerMs);
  const atOnce = groups.reduce(
    (sum, { count = 1, speed = 1, concurrency = 4 }) => sum + count * speed * concurrency,
    0,
  );
  const load = (requests * meanMs) / (spanMs * atOnce);
  const factor = speedUp ?? Math.max(1, LOAD / Math.max(1e-12, load));
  return {
    scenario: { ...base, arrivals: { perSecond: (1_000 * requests * factor) / spanMs } },
    speedUp: factor,
  };
}

/** The contender with the client, or the header, as its key. */
function byClient(one: ContenderStrategy | Contender): Contender {
  return { ...(isContender(one) ? one : { strategy: one }), key: 'client-address' };
}

function isIpHash(one: ContenderStrategy | Contender): boolean {
  return isContender(one) && one.strategy === 'ip-hash' && one.label === undefined;
}

function isContender(one: ContenderStrategy | Contender): one is Contender {
  return typeof one === 'object' && 'strategy' in one;
}
