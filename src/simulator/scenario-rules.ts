// What a scenario must be: every name, value and kind of event is checked, with "did you mean".
import { BALANCER } from '../balancer/options.ts';
import { BREAKER } from '../health/breaker-options.ts';
import { EJECTION } from '../health/ejection-options.ts';
import { SLOW_START } from '../health/slow-start.ts';
import { aBag, type Bag, bag, checkBag } from '../options/bag.ts';
import {
  aBoolean,
  aListOf,
  aNumber,
  anInteger,
  aPositive,
  aRatio,
  aText,
  aTimeout,
  checkRule,
  isObject,
  oneOf,
  orBoolean,
  type Rule,
} from '../options/rule.ts';
import { strategies } from '../strategies/registry.ts';
import { FAILOVER_RULE } from '../traffic/failover.ts';
import { QUEUE } from '../traffic/lease-queue.ts';
import type { Antagonist, BackendGroup, Cache } from './backend-group.ts';
import type {
  Arrivals,
  BalancerGroup,
  Bursts,
  Contender,
  ContenderSettings,
  Day,
  Keys,
  Measure,
  Scenario,
  ScenarioRequest,
  Service,
  SimulatedGuards,
  SimulatedHealth,
} from './scenario.ts';
import type { ScenarioEvent } from './scenario-events.ts';

/** The names of strategies that can compete. */
const CONTENDER_NAMES: readonly string[] = [
  ...Object.keys(strategies),
  'hash-mod-n',
  'plain-ring',
  'round-robin-from-first',
];

const MAX_BACKENDS = 10_000;
const MAX_KEYS = 10_000_000;

const aFactor: Rule = aNumber(
  'a finite number of at least 1',
  (value) => value >= 1 && value < Number.POSITIVE_INFINITY,
);
const aDuration: Rule = aNumber(
  'a finite number of milliseconds above 0',
  (value) => value > 0 && value < Number.POSITIVE_INFINITY,
);
const aMoment: Rule = aNumber(
  'a finite number of milliseconds of at least 0',
  (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
);
const aWeight: Rule = aNumber('a number from 0 to 1000', (value) => value >= 0 && value <= 1_000);

/** Either a number by one rule, or a value by another. */
function orNumber(number: Rule, other: Rule): Rule {
  return {
    words: `${number.words}, or ${other.words}`,
    holds: (value) => (typeof value === 'number' ? number.holds(value) : other.holds(value)),
    ...(number.error && { error: number.error }),
    inside: (value, place) => {
      if (typeof value !== 'number') other.inside?.(value, place);
    },
  };
}

/** A rule with a further check of the whole value. */
function withCheck(rule: Rule, check: (value: never, place: string) => void): Rule {
  return {
    ...rule,
    inside: (value, place) => {
      rule.inside?.(value, place);
      check(value, place);
    },
  };
}

/** Exactly one of two names has a value, or at most one. */
function eitherOf(one: string, other: string, needed: boolean) {
  return (options: Record<string, unknown>, place: string) => {
    const given = [one, other].filter((name) => options[name] !== undefined);
    if (given.length > 1) throw new TypeError(`${place} must have ${one} or ${other}, got both`);
    if (needed && given.length === 0)
      throw new TypeError(`${place} must have ${one} or ${other}, got neither`);
  };
}

const CACHE = bag<Cache>({ size: anInteger(1, MAX_KEYS), speedUp: aFactor });

const BACKENDS: Bag<BackendGroup> = bag<BackendGroup>({
  count: anInteger(1, MAX_BACKENDS),
  name: {
    words: 'a name of letters, digits and hyphens that begins with a letter',
    holds: (value) => typeof value === 'string' && /^[a-z][a-z\d-]{0,30}$/i.test(value),
  },
  speed: aPositive,
  concurrency: anInteger(1, 100_000),
  cache: orNumber(anInteger(1, MAX_KEYS), aBag(CACHE, ['size'])),
  weight: aWeight,
  zone: aText,
  antagonist: aBag(bag<Antagonist>({ onMs: aDuration, offMs: aDuration, factor: aFactor }), [
    'onMs',
    'offMs',
    'factor',
  ]),
});

const aPool: Rule = orNumber(anInteger(1, MAX_BACKENDS), {
  ...aListOf(aBag(BACKENDS)),
  words: 'a list of at least one group',
  holds: (value) => Array.isArray(value) && value.length > 0,
});

const ARRIVALS: Bag<Arrivals> = bag<Arrivals>({
  perSecond: aPositive,
  load: aPositive,
  pattern: oneOf(['poisson', 'even']),
  bursts: aBag(bag<Bursts>({ factor: aFactor, onMs: aDuration, offMs: aDuration }), [
    'factor',
    'onMs',
    'offMs',
  ]),
  day: aBag(bag<Day>({ lengthMs: aDuration, lowest: aRatio })),
  writes: aRatio,
});

const KEYS: Bag<Keys> = bag<Keys>({
  distribution: oneOf(['zipf', 'uniform', 'once']),
  count: anInteger(1, MAX_KEYS),
  exponent: aPositive,
  hot: aRatio,
  clients: anInteger(1, MAX_KEYS),
});

const SERVICE: Bag<Service> = bag<Service>({
  distribution: oneOf(['fixed', 'exponential', 'pareto', 'bimodal']),
  meanMs: aDuration,
  shape: aNumber('a finite number above 1', (value) => value > 1 && value < Number.POSITIVE_INFINITY),
  longShare: aRatio,
  longFactor: aFactor,
  maxMs: aDuration,
});

const SETTINGS = {
  bounds: BALANCER.bounds,
  timeoutMs: aTimeout,
  failover: orBoolean(FAILOVER_RULE),
  health: orBoolean(
    aBag(
      bag<SimulatedHealth>({
        intervalMs: aTimeout,
        timeoutMs: aTimeout,
        fall: anInteger(1),
        rise: anInteger(1),
      }),
    ),
  ),
  queue: orBoolean(aBag(QUEUE)),
  guards: aBag(
    bag<SimulatedGuards>({
      outlierEjection: orBoolean(aBag(EJECTION)),
      circuitBreaker: orBoolean(aBag(BREAKER)),
      slowStart: orBoolean(aBag(SLOW_START)),
      maxInFlight: anInteger(1),
    }),
  ),
  panicRatio: aRatio,
};

const aContenderName: Rule = oneOf(CONTENDER_NAMES);

/** A name, a name with options, or in code a factory. The options are checked by the strategy's factory. */
const aStrategy: Rule = {
  ...aContenderName,
  words: `a function, an object with a name, or ${aContenderName.words}`,
  holds: (value) => typeof value === 'function' || isObject(value) || aContenderName.holds(value),
  inside: (value: unknown, place) => {
    if (isObject(value)) checkRule(aContenderName, value.name, `${place}.name`);
  },
};

const CONTENDER: Bag<Contender> = bag<Contender>({
  ...SETTINGS,
  strategy: aStrategy,
  label: aText,
  key: oneOf(['path', 'client-address']),
});

/** What stands in the list: an object with a strategy is a contender, any other one is a strategy. */
const aContender: Rule = {
  ...aStrategy,
  words: `${aStrategy.words}, or an object with a strategy`,
  inside: (value: unknown, place) => {
    if (!isObject(value)) return;
    if ('name' in value && !('strategy' in value)) aStrategy.inside?.(value as never, place);
    else aBag(CONTENDER, ['strategy']).inside?.(value as never, place);
  },
};

const TIME = { at: aRatio, atMs: aMoment };
const DURATION = { for: aRatio, forMs: aDuration };

const someNames: Rule = {
  words: "the name of a backend, a list of names, or 'all'",
  holds: (value) => typeof value === 'string' || (Array.isArray(value) && value.length > 0),
  inside: (value, place) => {
    if (typeof value !== 'string') aListOf(aText).inside?.(value, place);
  },
};

/** The names of each kind of event, and those that it needs. */
const EVENTS: {
  readonly [T in ScenarioEvent['type']]: {
    readonly names: Readonly<Record<string, Rule>>;
    readonly needed?: readonly string[];
  };
} = {
  crash: {
    names: { ...TIME, ...DURATION, backends: someNames, how: oneOf(['refuse', 'hang', 'reset']) },
    needed: ['backends'],
  },
  restart: { names: { ...TIME, backends: someNames, downMs: aDuration }, needed: ['backends'] },
  slow: {
    names: { ...TIME, ...DURATION, backends: someNames, factor: aPositive },
    needed: ['backends', 'factor'],
  },
  errors: {
    names: { ...TIME, ...DURATION, backends: someNames, ratio: aRatio, status: anInteger(400, 599) },
    needed: ['backends'],
  },
  join: { names: { ...TIME, backends: aPool }, needed: ['backends'] },
  leave: { names: { ...TIME, ...DURATION, backends: someNames }, needed: ['backends'] },
  drain: { names: { ...TIME, ...DURATION, backends: someNames }, needed: ['backends'] },
  weight: {
    names: { ...TIME, ...DURATION, backends: someNames, weight: aWeight },
    needed: ['backends', 'weight'],
  },
  deploy: {
    names: {
      ...TIME,
      backends: someNames,
      everyMs: aDuration,
      downMs: aDuration,
      how: oneOf(['drain', 'finish', 'kill']),
    },
  },
  burst: { names: { ...TIME, ...DURATION, factor: aPositive }, needed: ['factor'] },
  'hot-key': { names: { ...TIME, ...DURATION, share: aRatio }, needed: ['share'] },
  'retry-storm': { names: { ...TIME, ...DURATION, retries: anInteger(1, 100) } },
};

const anEventType: Rule = oneOf(Object.keys(EVENTS));

const anEvent: Rule = {
  words: 'an object with a type',
  holds: isObject,
  inside: (event: Record<string, unknown>, place) => {
    checkRule(anEventType, event.type, `${place}.type`);
    const { names, needed = [] } = EVENTS[event.type as ScenarioEvent['type']];
    const shape = bag<Record<string, unknown>>({ type: anEventType, ...names });
    aBag(shape, needed).inside?.(event as never, place);
    eitherOf('at', 'atMs', true)(event, place);
    eitherOf('for', 'forMs', false)(event, place);
  },
};

const aRequest: Rule = aBag(
  bag<ScenarioRequest>({
    atMs: aMoment,
    key: aText,
    workMs: aMoment,
    client: aText,
    write: aBoolean,
  }),
  ['atMs', 'key'],
);

const someRequests: Rule = {
  words: 'a list of at least one request',
  holds: (value) => Array.isArray(value) && value.length > 0,
  inside: (requests: readonly ScenarioRequest[], place) => {
    let before = 0;
    for (const [i, request] of requests.entries()) {
      checkRule({ ...aRequest, words: 'a request' }, request, `${place}[${i}]`);
      if (request.atMs < before)
        throw new RangeError(
          `${place}[${i}].atMs must not be before the request before it, ${before}, got ${request.atMs}`,
        );
      before = request.atMs;
    }
    if (before === 0) throw new RangeError(`${place} must not all come at 0 ms`);
  },
};

const MEASURE: Bag<Measure> = bag<Measure>({
  placements: anInteger(1, 100),
  warmUp: aNumber('a number from 0 to 0.9', (value) => value >= 0 && value <= 0.9),
  points: anInteger(1, 1_000),
  trace: anInteger(0, 100_000),
  floor: oneOf(['fast', 'whole']),
});

const SCENARIO: Bag<Scenario> = bag<Scenario>({
  name: aText,
  seed: anInteger(0, 2 ** 32 - 1),
  requests: orNumber(anInteger(1, 100_000_000), someRequests),
  backends: aPool,
  balancers: orNumber(
    anInteger(1, 1_000),
    aBag(bag<BalancerGroup>({ count: anInteger(1, 1_000), zones: aListOf(aText) })),
  ),
  arrivals: withCheck(aBag(ARRIVALS), eitherOf('perSecond', 'load', true)),
  keys: aBag(KEYS),
  service: aBag(SERVICE),
  events: aListOf(anEvent),
  settings: aBag(bag<ContenderSettings>(SETTINGS)),
  contenders: {
    ...aListOf(aContender),
    words: 'a list with at least one contender',
    holds: (value) => Array.isArray(value) && value.length > 0,
  },
  measure: aBag(MEASURE),
});

/** @throws TypeError or RangeError that names the place, the rule and the value */
export function checkScenario(scenario: unknown): asserts scenario is Scenario {
  checkBag(scenario, SCENARIO, '', 'simulate');
  checkRule(aPool, scenario.backends, 'backends');
}
