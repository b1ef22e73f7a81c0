// Scenarios that teach something each. Tests hold every figure of a lesson against the run.
import { strategies } from '../strategies/registry.ts';
import type { Contender, ContenderName, Scenario } from './scenario.ts';

/** A scenario that teaches something. */
export interface Preset {
  /** What it is about, in a few words. */
  readonly title: string;
  readonly scenario: Scenario;
  /** What it teaches, in one paragraph with the figures of the run. */
  readonly lesson: string;
}

/** The names of the presets. */
export type PresetName =
  | 'hello'
  | 'goes-and-comes-back'
  | 'hot-key'
  | 'slow-backend'
  | 'two-choices'
  | 'young-fleet'
  | 'antagonists'
  | 'rolling-deploy'
  | 'retry-storm'
  | 'scale-out';

const THREE = { placements: 3, points: 60 } as const;
const CACHED = [{ count: 10, cache: 1_000 }] as const;
const NO_BOUND: Contender = {
  strategy: 'consistent-hash',
  label: 'no bound',
  bounds: { factor: Number.POSITIVE_INFINITY },
};
const BY_LOAD = ['round-robin', 'random', 'power-of-two', 'least-connections'] as const;

/** Scenarios that teach something each, by name. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  hello: {
    title: 'every strategy, ten backends with caches',
    scenario: {
      name: 'hello',
      requests: 12_000,
      backends: CACHED,
      measure: THREE,
      contenders: [...(Object.keys(strategies) as ContenderName[]), 'hash-mod-n'],
    },
    lesson:
      'While nothing goes wrong, strategies that keep a key on one backend find its data in the cache: ' +
      '69.2 % hits with consistent-hash, 69.3 % with maglev, 44.1 % with round-robin, which means a ' +
      'mean time of 3.8 ms instead of 6.2 ms. The price is evenness, as popular keys stay together: the ' +
      'busiest backend gets 1.49 times its share with consistent-hash, 1.32 times with maglev, 1.00 ' +
      'times with round-robin. hash-mod-n, with 72.4 % hits, is best here only because no backend comes ' +
      'or goes and no key is hot.',
  },
  'goes-and-comes-back': {
    title: 'one of ten backends crashes and recovers',
    scenario: {
      name: 'goes-and-comes-back',
      requests: 24_000,
      backends: CACHED,
      arrivals: { load: 0.5 },
      settings: { failover: true, health: { intervalMs: 100 } },
      events: [{ type: 'crash', backends: 'b3', at: 0.6, for: 0.2 }],
      measure: { ...THREE, warmUp: 0.4 },
      contenders: ['consistent-hash', 'hash-mod-n', 'round-robin'],
    },
    lesson:
      'When one of ten backends crashes, consistent-hash moves the keys of that one alone, and they ' +
      'return when it does: 5.3 % of the keys move, and hits stay at 78.1 %. hash-mod-n divides by ' +
      'another number as soon as the checks have found the crash: 46.9 % of the keys move, most of them ' +
      'twice, to caches that do not know them, and hits fall to 73.6 % on average, to 43.6 % at the ' +
      'worst moment. Failover hides the crash itself from clients either way: 0.0 % errors, though ' +
      'consistent-hash has to repeat 0.4 % of the requests.',
  },
  'hot-key': {
    title: 'a third of all requests suddenly asks for one key',
    scenario: {
      name: 'hot-key',
      requests: 24_000,
      backends: [{ count: 10, cache: { size: 1_000, speedUp: 2 } }],
      arrivals: { load: 0.7 },
      events: [{ type: 'hot-key', share: 0.3, at: 0.4, for: 0.4 }],
      measure: THREE,
      contenders: [
        NO_BOUND,
        'consistent-hash',
        { strategy: 'consistent-hash', label: 'strict bound', bounds: { z: 0 } },
        'round-robin',
      ],
    },
    lesson:
      'A ring without a bound sends the hot key, and all that lives beside it, to one backend, which ' +
      'cannot keep up: the 99th percentile is 999 ms. With the default bounds, requests spill to others ' +
      'while the owner is full: 31.1 ms, and 2.8 % of all requests become misses (79.9 % hits instead ' +
      "of 82.7 %). The strict bound, z: 0, which is HAProxy's hash-balance-factor of 125, is more even " +
      '(the busiest backend gets 1.27 times its share instead of 1.56 times), and makes misses of ' +
      'another 7.1 %. round-robin is not hurt by the hot key at all, and has 57.9 % hits.',
  },
  'slow-backend': {
    title: 'one of ten backends becomes five times as slow',
    scenario: {
      name: 'slow-backend',
      requests: 20_000,
      backends: 10,
      arrivals: { load: 0.6 },
      events: [{ type: 'slow', backends: 'b3', factor: 5, at: 0.4, for: 0.3 }],
      measure: THREE,
      contenders: [...BY_LOAD, 'peak-ewma', 'least-time'],
    },
    lesson:
      'Strategies that count turns go on sending a tenth of the requests to the backend that became ' +
      'slow, where they pile up: the 99th percentile is 1506 ms with round-robin and 1502 ms with ' +
      'random. Whoever looks at the requests in flight notices by itself: 52.6 ms with power-of-two, ' +
      '51.1 ms with least-connections. Whoever measures time, too, sends even less there: 48.1 ms with ' +
      'peak-ewma, 46.5 ms with least-time.',
  },
  'two-choices': {
    title: 'the power of two choices, 50 backends that do one thing at a time',
    scenario: {
      name: 'two-choices',
      requests: 40_000,
      backends: [{ count: 50, concurrency: 1 }],
      arrivals: { load: 0.9 },
      keys: { distribution: 'once' },
      measure: THREE,
      contenders: ['random', 'power-of-two', 'least-connections'],
    },
    lesson:
      'At 90 % load, a random choice lets requests wait 94.6 ms on average, as theory says of a queue ' +
      'alone: 10 ms / (1 - 0.9). Looking at just two random backends and taking the less loaded one ' +
      'brings that down to 26.4 ms, close to the 26.1 ms that Mitzenmacher computed. Looking at all of ' +
      'them takes 11.6 ms: worth it where one balancer sees all requests, as here.',
  },
  'young-fleet': {
    title: '500 load balancers that have just started',
    scenario: {
      name: 'young-fleet',
      requests: 1_000,
      backends: 10,
      balancers: 500,
      measure: { ...THREE, warmUp: 0 },
      contenders: ['round-robin-from-first', ...BY_LOAD],
    },
    lesson:
      'Each of the 500 load balancers has sent two requests on average, so none knows more than its ' +
      'own. If all begin at the first backend of their list, that one gets 4.28 times its share, and ' +
      'the mean time is 260 ms. Beginning at a random place, as every strategy of evenkeel does, makes ' +
      'it 1.15 times and 13.5 ms with round-robin, and 1.13 times with least-connections; random choice ' +
      'has 1.20 times.',
  },
  antagonists: {
    title: 'neighbours slow each backend down at times, 20 load balancers',
    scenario: {
      name: 'antagonists',
      requests: 30_000,
      backends: [{ count: 20, antagonist: { onMs: 500, offMs: 2_000, factor: 4 } }],
      balancers: 20,
      arrivals: { load: 0.6 },
      keys: { distribution: 'once' },
      measure: THREE,
      contenders: [...BY_LOAD, 'peak-ewma', 'least-time'],
    },
    lesson:
      'Each backend is slowed down to a quarter for half a second, again and again, while 20 load ' +
      'balancers each see a twentieth of the requests. Counting turns does not notice: the 99th ' +
      'percentile is 1575 ms with round-robin, 1589 ms with random. Requests in flight show it: 259 ms ' +
      'with power-of-two, 184 ms with least-connections. Measured time shows it best, with the full ' +
      'comparison of least-time: 74.2 ms; peak-ewma, which compares two and remembers peaks for ten ' +
      'seconds, has 249 ms.',
  },
  'rolling-deploy': {
    title: 'eight backends are killed and started anew, one after the other',
    scenario: {
      name: 'rolling-deploy',
      requests: 20_000,
      backends: 8,
      arrivals: { perSecond: 500, writes: 0.2 },
      events: [{ type: 'deploy', how: 'kill', at: 0.2 }],
      measure: { ...THREE, warmUp: 0.1 },
      contenders: [
        { strategy: 'least-connections', label: 'bare' },
        { strategy: 'least-connections', label: 'failover', failover: true },
        {
          strategy: 'least-connections',
          label: 'failover and ejection',
          failover: true,
          health: true,
          guards: { outlierEjection: true },
        },
      ],
    },
    lesson:
      'Without protection 11.4 % of all requests fail while eight backends restart, more than an eighth ' +
      'of the requests of that time: a backend that refuses is never busy, and so it attracts ' +
      'least-connections. Failover hides all of it, even for requests that must not be sent twice, as a ' +
      'refused connection got nothing: 0.0 % errors, but 27.2 % of the requests are sent again, and the ' +
      'mean time rises from 10.0 ms to 13.7 ms. Ejection notices after five failures: 0.4 % are sent ' +
      'again, and the mean time is 10.1 ms.',
  },
  'retry-storm': {
    title: 'a short slowdown, and clients that do not give up',
    scenario: {
      name: 'retry-storm',
      requests: 24_000,
      backends: 10,
      arrivals: { load: 0.8 },
      settings: { timeoutMs: 200 },
      events: [
        { type: 'retry-storm', retries: 3, at: 0 },
        { type: 'slow', backends: 'all', factor: 2, at: 0.3, for: 0.1 },
      ],
      measure: THREE,
      contenders: [
        { strategy: 'least-connections', label: 'no limit' },
        { strategy: 'least-connections', label: '8 in flight at most', guards: { maxInFlight: 8 } },
      ],
    },
    lesson:
      'For a tenth of the time all backends are half as fast, so that requests wait longer than their ' +
      'clients do. Clients send them again, while the backends still work on the first ones: the load ' +
      'stays above what they can do when they are as fast as before, and without a limit 82.2 % of all ' +
      'requests fail, to the very end. With at most 8 requests in flight on a backend the rest is ' +
      'refused at once: 4.6 % fail, all of them during the slowdown and right after it, and the 99th ' +
      'percentile is 66.1 ms instead of 194 ms.',
  },
  'scale-out': {
    title: 'two backends join ten',
    scenario: {
      name: 'scale-out',
      requests: 24_000,
      backends: CACHED,
      arrivals: { load: 0.6 },
      events: [{ type: 'join', backends: [{ count: 2, cache: 1_000 }], at: 0.6 }],
      measure: { ...THREE, warmUp: 0.5 },
      contenders: ['consistent-hash', 'maglev', 'rendezvous', 'hash-mod-n', 'round-robin'],
    },
    lesson:
      'When two backends join ten, a sixth of the keys belongs to them, and no other key needs to move: ' +
      'consistent-hash moves 12.8 % of the keys asked for again, maglev 13.0 %, rendezvous 12.8 %. ' +
      'hash-mod-n moves 67.0 %, and has 70.3 % hits where consistent-hash has 77.5 %, and a 99th ' +
      'percentile of 33.6 ms instead of 30.6 ms. round-robin has nothing to lose: 51.8 % hits.',
  },
};
