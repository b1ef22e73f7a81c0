// `simulate`: the same traffic for every contender, what each event does, and what the figures say.
import { describe, expect, it } from 'vitest';
import {
  type ContenderResult,
  type Scenario,
  type ScenarioEvent,
  type SimulationResult,
  simulate,
} from '../../src/simulator/index.ts';

const FIVE = { backends: 5, requests: 4_000, measure: { placements: 2 } } satisfies Scenario;
const run = (scenario: Partial<Scenario>) => simulate({ ...FIVE, ...scenario });
const of = ({ contenders }: SimulationResult, label: string) =>
  contenders.find((one) => one.label === label) as ContenderResult;
const only = async (scenario: Partial<Scenario>, contender: NonNullable<Scenario['contenders']>[number]) => {
  const result = await run({ ...scenario, contenders: [contender] });
  const [first] = result.contenders as [ContenderResult];
  return { ...result, ...first.figures, first };
};
const mean = (values: readonly (number | null)[]) =>
  values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;

describe('a simulation', () => {
  it('gives the same result for the same seed, and another one for another', async () => {
    const [one, again, other] = await Promise.all([run({}), run({}), run({ seed: 2 })]);
    expect(again).toEqual(one);
    expect(one.digest).toMatch(/^[0-9a-f]{16}$/);
    expect(other.digest).not.toBe(one.digest);
  });

  it('is plain data', async () => {
    const result = await run({ measure: { placements: 2, trace: 10 } });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('gives a contender the same, whoever else competes', async () => {
    const scenario: Partial<Scenario> = {
      backends: [{ count: 4, cache: 100, antagonist: { onMs: 50, offMs: 200, factor: 4 } }],
      events: [
        { type: 'crash', backends: 'b2', at: 0.5, for: 0.2 },
        { type: 'hot-key', share: 0.3, at: 0.6, for: 0.1 },
        { type: 'burst', factor: 2, at: 0.2, for: 0.1 },
      ],
      settings: { failover: true, health: { intervalMs: 50 }, guards: { outlierEjection: true } },
    };
    const both = await run({ ...scenario, contenders: ['random', 'consistent-hash'] });
    const alone = await run({ ...scenario, contenders: ['consistent-hash'] });
    expect(alone.contenders).toEqual(both.contenders.slice(1));
    const [random, hash] = both.contenders as [ContenderResult, ContenderResult];
    expect(random.series.perSecond).toEqual(hash.series.perSecond);
  });

  it('agrees with queueing theory: M/M/1 and M/M/4 at a load of 0.7', async () => {
    // Mean times in the system for 10 ms of work: 10 / (1 - 0.7), and Erlang C with four servers.
    const one = { requests: 200_000, backends: [{ concurrency: 1 }], measure: { placements: 1 } };
    const four = { ...one, backends: [{ concurrency: 4 }] };
    expect((await only(one, 'random')).meanMs.mean).toBeCloseTo(33.3, -0.5);
    expect((await only(four, 'random')).meanMs.mean).toBeCloseTo(13.57, 0);
  });

  it('has as many requests as asked for, and leaves the warm-up out of the figures', async () => {
    const { requests, first, warmUpMs, durationMs } = await only({ measure: { placements: 1 } }, 'random');
    expect(requests).toBe(4_000);
    expect(warmUpMs).toBeCloseTo(durationMs / 5, 9);
    expect(first.backends.reduce((sum, backend) => sum + backend.requests, 0)).toBe(3_200);
    expect(first.latency.requests.reduce((sum, count) => sum + count)).toBe(4_000);
    const seconds = durationMs / 1_000 / first.series.perSecond.length;
    expect(first.series.perSecond.reduce((sum, rate) => sum + rate * seconds, 0)).toBeCloseTo(4_000, 6);
  });

  it('ends early with the same part for every contender when it is aborted', async () => {
    const aborter = new AbortController();
    const seen: number[] = [];
    const result = await simulate(
      { ...FIVE, requests: 20_000, contenders: ['random', 'round-robin'] },
      {
        signal: aborter.signal,
        onProgress: ({ requests, of }) => {
          seen.push(requests / of);
          if (seen.length === 2) aborter.abort();
        },
      },
    );
    expect(result).toMatchObject({ isComplete: false, requests: 8_192 });
    expect(seen).toEqual([4_096 / 20_000, 8_192 / 20_000]);
    const counts = result.contenders.map(({ latency }) =>
      latency.requests.reduce((sum, count) => sum + count),
    );
    expect(counts).toEqual([16_384, 16_384]);
  });

  it('is complete where the signal comes with the last request, and rejects at once on a mistake', async () => {
    const done = await simulate(FIVE, { signal: AbortSignal.abort() });
    expect(done.isComplete).toBe(true);
    await expect(simulate({ backends: 0 })).rejects.toThrow('backends must be');
  });

  it('shows how placements differ, and calls best who is within their spread', async () => {
    const result = await run({ measure: { placements: 5 }, contenders: ['consistent-hash', 'round-robin'] });
    const { mostOverMean } = of(result, 'consistent-hash').figures;
    expect(mostOverMean.least).toBeLessThan(mostOverMean.most);
    expect(mostOverMean.mean).toBeGreaterThan(mostOverMean.least);
    expect(of(result, 'round-robin').figures.mostOverMean.most).toBeLessThan(1.001);
    expect(result.best.mostOverMean).toEqual(['round-robin']);
    expect(result.best.errors).toEqual(['consistent-hash', 'round-robin']);
    expect(result.best.hits).toEqual([]);
  });

  it('tells the first requests one by one', async () => {
    const { first } = await only(
      {
        settings: { failover: true },
        measure: { placements: 2, trace: 50 },
        events: [{ type: 'crash', backends: 'b1', atMs: 0 }],
      },
      'round-robin',
    );
    const { requests, attempts } = first.trace ?? expect.fail('no trace');
    for (const list of Object.values(requests)) expect(list).toHaveLength(50);
    expect(requests.status).toEqual(Array(50).fill(200));
    expect(attempts.outcome.filter((outcome) => outcome === 'refused').length).toBeGreaterThan(5);
    expect(new Set(attempts.request).size).toBe(50);
    for (const [i, request] of attempts.request.entries()) {
      const [at, start, end] = [attempts.atMs[i], attempts.startMs[i], attempts.endMs[i]] as number[];
      expect(at).toBeGreaterThanOrEqual(requests.atMs[request] as number);
      expect(start).toBeGreaterThanOrEqual(at as number);
      expect(end).toBeGreaterThanOrEqual(start as number);
      expect(requests.endMs[request]).toBeGreaterThanOrEqual(end as number);
    }
  });
});

describe('the workload', () => {
  const figures = (scenario: Partial<Scenario>) =>
    only({ requests: 40_000, measure: { placements: 1 }, ...scenario }, 'random');

  it.each<[string, NonNullable<Scenario['arrivals']>]>([
    ['even', { load: 0.5, pattern: 'even' }],
    ['with bursts', { load: 0.5, bursts: { factor: 10, onMs: 100, offMs: 900 } }],
    ['like a day', { load: 0.5, day: {} }],
  ])('comes at the same average rate if it is %s', async (_, arrivals) => {
    const { first, durationMs } = await figures({ arrivals });
    expect(durationMs).toBeCloseTo((40_000 / (0.5 * 20)) * 10, 6);
    // The last requests come at the end of the run.
    expect(first.series.perSecond.at(-2)).toBeGreaterThan(0);
    expect(mean(first.series.perSecond)).toBeCloseTo(1_000, 6);
  });

  it('has a curve over the day, and none without', async () => {
    const day = await figures({ arrivals: { load: 0.5, day: { lowest: 0.1 } }, measure: { points: 10 } });
    const flat = await figures({ arrivals: { load: 0.5 }, measure: { points: 10 } });
    const ratio = ({ first }: typeof day) =>
      (first.series.perSecond[5] as number) / (first.series.perSecond[0] as number);
    expect(ratio(day)).toBeGreaterThan(5);
    expect(ratio(flat)).toBeCloseTo(1, 0);
  });

  it.each<[string, Scenario['service'], number]>([
    ['fixed', { distribution: 'fixed' }, 1.05],
    ['exponential', {}, Math.log(100)],
    ['bimodal', { distribution: 'bimodal', longShare: 0.05, longFactor: 20 }, 20 / 1.95],
    ['pareto', { distribution: 'pareto', shape: 3 }, (2 / 3) * 100 ** (1 / 3)],
  ])('takes its mean time if it is %s', async (_, service, p99) => {
    const { meanMs, p99Ms } = await figures({
      backends: [{ concurrency: 1_000 }],
      arrivals: { perSecond: 1_000 },
      service: { meanMs: 20, ...service },
    });
    expect(meanMs.mean / 20).toBeCloseTo(1, 1);
    expect(p99Ms.mean / 20 / p99).toBeCloseTo(1, 0);
  });

  it('asks for keys by their popularity', async () => {
    const hits = async (keys: Scenario['keys']) =>
      (await figures({ backends: [{ cache: 100 }], keys: { count: 10_000, ...keys } })).hits?.mean;
    expect(await hits({ distribution: 'uniform' })).toBeCloseTo(0.01, 2);
    expect(await hits({ distribution: 'once' })).toBe(0);
    expect(await hits({ exponent: 1.2 })).toBeGreaterThan(0.6);
    expect(await hits({ distribution: 'uniform', hot: 0.5 })).toBeCloseTo(0.5, 1);
  });

  it('may be listed request by request', async () => {
    const requests = Array.from({ length: 300 }, (_, i) => {
      return { atMs: 10 * (i + 1), key: `/${i % 3}`, workMs: i % 3 === 0 ? 8 : 4, client: `c${i % 2}` };
    });
    const scenario = { requests, backends: [{ count: 2, cache: 2 }], measure: { placements: 1, warmUp: 0 } };
    const byKey = await only(scenario, 'consistent-hash');
    expect(byKey).toMatchObject({ requests: 300, durationMs: 3_000 });
    expect(byKey.keysMoved.mean).toBe(0);
    expect(byKey.hits?.mean).toBeGreaterThan(0.98);
    const byClient = await only(scenario, 'ip-hash');
    expect(byClient.keysMoved.mean).toBe(1);
    const sum = byKey.meanMs.mean * 300;
    // Three misses, and hits in a tenth of the time.
    expect(sum).toBeCloseTo(8 + 4 + 4 + (297 * (16 / 3)) / 10, 6);
  });

  it('knows clients: ip-hash keeps each on a backend, and their paths on none', async () => {
    const keys = { distribution: 'uniform', count: 50, clients: 20 } as const;
    const byPath = await only({ keys }, { strategy: 'ip-hash', key: 'path', label: 'by path' });
    const byClient = await only({ keys }, 'ip-hash');
    expect([byPath.keysMoved.mean, byClient.keysMoved.mean]).toEqual([0, 1]);
  });
});

describe('an event', () => {
  const ROBIN = { strategy: 'round-robin', label: 'it' } as const;
  const during = async (
    event: ScenarioEvent,
    settings: Scenario['settings'] = {},
    scenario: Partial<Scenario> = {},
  ) => {
    const { first, ...result } = await only(
      {
        requests: 10_000,
        measure: { placements: 1, points: 10, warmUp: 0 },
        settings,
        events: [event],
        ...scenario,
      },
      ROBIN,
    );
    return { ...result, series: first.series, backends: first.backends, noticed: first.noticed };
  };
  /** In the third to the fifth tenth. */
  const AT = { at: 0.2, for: 0.3 } as const;
  const inside = (list: readonly (number | null)[]) => mean(list.slice(2, 5));
  const afterwards = (list: readonly (number | null)[]) => mean(list.slice(6));

  it.each([
    ['refuse', {}],
    ['reset', {}],
    ['hang', { timeoutMs: 300 }],
  ] as const)('crashes a backend that then %ss, until it is over', async (how, settings) => {
    const { series, errors } = await during({ type: 'crash', backends: 'b2', how, ...AT }, settings);
    expect(inside(series.errors)).toBeCloseTo(0.2, 1);
    expect(afterwards(series.errors)).toBe(0);
    expect(errors.mean).toBeCloseTo(0.06, 1);
  });

  it('crashes for good if nothing says for how long, and a hang without a limit is never answered', async () => {
    const { series } = await during({ type: 'crash', backends: 'b2', how: 'hang', at: 0.5 });
    expect(mean(series.errors.slice(6))).toBeCloseTo(0.2, 1);
  });

  it('is seen by failover, by ejection and by health checks', async () => {
    const crash = { type: 'crash', backends: ['b2', 'b3'], ...AT } as const;
    const bare = await during(crash);
    const failover = await during(crash, { failover: true });
    expect(failover.errors.mean).toBeLessThan(bare.errors.mean / 20);
    expect(failover.retries.mean).toBeCloseTo(0.12, 1);
    const ejection = await during(crash, { guards: { outlierEjection: { baseMs: 200 } } });
    expect(ejection.errors.mean).toBeLessThan(bare.errors.mean / 2);
    expect(ejection.noticed.map(({ type }) => type)).toContain('ejected');
    const health = await during(crash, { health: { intervalMs: 20, fall: 2 } });
    expect(health.errors.mean).toBeLessThan(bare.errors.mean / 2);
    expect(health.noticed.filter(({ type }) => type === 'down').map(({ backend }) => backend)).toEqual(
      expect.arrayContaining(['b2', 'b3']),
    );
    expect(health.noticed.map(({ type }) => type)).toContain('up');
  });

  it('restarts with a cold cache', async () => {
    const cached = { backends: [{ count: 2, cache: 10_000 }], keys: { count: 200 } };
    const calm = await during({ type: 'burst', factor: 1, at: 0 }, {}, cached);
    const cold = await during({ type: 'restart', backends: 'b1', downMs: 1, at: 0.5 }, {}, cached);
    expect(cold.series.hits[5] ?? 0).toBeLessThan((calm.series.hits[5] ?? 0) - 0.02);
    expect(cold.series.hits[9]).toBeCloseTo(calm.series.hits[9] ?? 0, 1);
  });

  it('slows backends down', async () => {
    const { series } = await during(
      { type: 'slow', backends: 'all', factor: 3, ...AT },
      {},
      {
        arrivals: { load: 0.2 },
      },
    );
    expect(inside(series.meanMs)).toBeGreaterThan(2.5 * afterwards(series.meanMs));
  });

  it('lets a share of the requests fail', async () => {
    const { series } = await during({ type: 'errors', backends: 'all', ratio: 0.25, ...AT });
    expect(inside(series.errors)).toBeCloseTo(0.25, 1);
    expect(afterwards(series.errors)).toBe(0);
  });

  it('adds, removes and drains backends, and changes their weights', async () => {
    const join = await during({ type: 'join', backends: 5, at: 0.5 });
    expect(join.backends).toHaveLength(10);
    expect(join.series.shares[9]?.map((share) => Math.round(20 * (share ?? 0)))).toEqual([
      0, 0, 0, 0, 0, 2, 2, 2, 2, 2,
    ]);
    expect(join.events[0]).toMatchObject({ backends: ['b6', 'b7', 'b8', 'b9', 'b10'] });
    // Relative to the time in the pool, all get the same.
    expect(join.mostOverMean.mean).toBeCloseTo(1, 1);
    for (const type of ['leave', 'drain'] as const) {
      const { series, errors } = await during({ type, backends: 'b1', ...AT });
      expect(inside(series.shares[0] ?? [])).toBeCloseTo(0, 1);
      expect(afterwards(series.shares[0] ?? [])).toBeCloseTo(0.2, 1);
      expect(errors.mean).toBe(0);
    }
    const weight = await during({ type: 'weight', backends: 'b1', weight: 6, ...AT });
    expect(inside(weight.series.shares[0] ?? [])).toBeCloseTo(0.6, 1);
    expect(afterwards(weight.series.shares[0] ?? [])).toBeCloseTo(0.2, 1);
  });

  it('deploys one backend after the other', async () => {
    const deploy = { type: 'deploy', at: 0.1, everyMs: 100, downMs: 50 } as const;
    const long = { arrivals: { perSecond: 10_000 / 1 }, service: { meanMs: 0.5 } };
    const errors = async (how: 'drain' | 'finish' | 'kill') =>
      (await during({ ...deploy, how }, {}, long)).errors.mean;
    const [drain, finish, kill] = [await errors('drain'), await errors('finish'), await errors('kill')];
    expect(drain).toBe(0);
    expect(finish).toBeGreaterThan(0.01);
    expect(kill).toBeGreaterThan(finish);
  });

  it('lets more requests come, and a hot key, and clients that retry', async () => {
    const burst = await during({ type: 'burst', factor: 3, ...AT }, {}, { arrivals: { load: 0.2 } });
    expect(inside(burst.series.perSecond)).toBeCloseTo(3 * afterwards(burst.series.perSecond), -1.7);
    expect(burst.requests).toBe(16_000);
    const hot = await during({ type: 'hot-key', share: 0.9, ...AT }, {}, { backends: [{ cache: 10 }] });
    expect(inside(hot.series.hits)).toBeGreaterThan(0.85);
    const storm = await during(
      { type: 'retry-storm', retries: 5, at: 0 },
      {},
      {
        events: [
          { type: 'retry-storm', retries: 5, at: 0 },
          { type: 'errors', backends: 'all', ratio: 0.5, at: 0 },
        ],
      },
    );
    expect(storm.errors.mean).toBeCloseTo(0.5 ** 6, 2);
    expect(storm.backends.reduce((sum, { requests }) => sum + requests, 0)).toBeGreaterThan(18_000);
  });
});

describe('the references', () => {
  it('show what is wrong with them: hash mod n moves nearly all keys, the plain ring is uneven', async () => {
    const result = await run({
      requests: 20_000,
      backends: 10,
      keys: { count: 1_000 },
      events: [{ type: 'leave', backends: 'b3', at: 0.6 }],
      contenders: ['hash-mod-n', 'plain-ring', 'consistent-hash'],
    });
    const moved = (label: string) => of(result, label).figures.keysMoved.mean;
    const ratio = (label: string) => of(result, label).figures.mostOverMean.mean;
    expect(moved('hash-mod-n')).toBeGreaterThan(0.7);
    expect(moved('consistent-hash')).toBeLessThan(0.2);
    expect(ratio('plain-ring')).toBeGreaterThan(2);
    expect(ratio('consistent-hash')).toBeLessThan(1.6);
  });
});

describe('strategies', () => {
  it('may be a factory, or have options of their own', async () => {
    const { first } = await only({}, { name: 'maglev', rows: 1_009 });
    expect(first).toMatchObject({ label: 'maglev', strategy: expect.stringContaining('1009') });
    const firstOne = () => ({
      name: 'first',
      update(backends: readonly { slot: number }[]) {
        this.backends = backends;
      },
      backends: [] as readonly { slot: number }[],
      pick(_key: number, eligible: (backend: never) => boolean) {
        return this.backends.find((backend) => eligible(backend as never)) as never;
      },
    });
    const own = await only({}, { strategy: firstOne, label: 'own' });
    expect(own.mostOverMean.mean).toBe(5);
  });

  it('learn the workload of backends', async () => {
    const { first } = await only(
      { backends: [{ speed: 3 }, { count: 2 }], requests: 30_000, measure: { placements: 1, warmUp: 0.5 } },
      'least-workload',
    );
    expect(first.backends[0]?.share).toBeGreaterThan(0.45);
  });

  it('keep requests in the zone of their balancer', async () => {
    const { first } = await only(
      {
        backends: [
          { count: 2, zone: 'a' },
          { count: 2, zone: 'b' },
        ],
        balancers: { count: 1, zones: ['b'] },
        arrivals: { load: 0.1 },
      },
      'random',
    );
    expect(first.backends.map(({ requests }) => requests > 0)).toEqual([false, false, true, true]);
  });
});

describe('a mistake is told in one clear line', () => {
  it.each<[unknown, string]>([
    [undefined, 'the options of simulate must be an object, got undefined'],
    [{}, 'backends must be an integer from 1 to 10000, or a list of at least one group, got undefined'],
    [{ backends: 0 }, 'backends must be an integer from 1 to 10000, or a list of at least one group, got 0'],
    [
      { backends: [] },
      'backends must be an integer from 1 to 10000, or a list of at least one group, got []',
    ],
    [{ backend: 3 }, 'backend is not an option; did you mean "backends"?'],
    [{ backends: 3, request: 5 }, 'request is not an option; did you mean "requests"?'],
    [{ backends: [{ sped: 2 }] }, 'backends[0].sped is not an option; did you mean "speed"?'],
    [
      { backends: 3, arrivals: { perSecond: 0 } },
      'arrivals.perSecond must be a finite number above 0, got 0',
    ],
    [{ backends: 3, arrivals: { load: 1, perSecond: 5 } }, 'arrivals must have perSecond or load, got both'],
    [{ backends: 3, arrivals: {} }, 'arrivals must have perSecond or load, got neither'],
    [
      { backends: 3, contenders: ['round-robbin'] },
      'contenders[0] must be a function, an object with a name, or one of consistent-hash, maglev, rendezvous, ip-hash, ' +
        'round-robin, random, least-connections, least-time, power-of-two, peak-ewma, least-workload, hash-mod-n, plain-ring, ' +
        'round-robin-from-first, or an object with a strategy, got "round-robbin"; did you mean "round-robin"?',
    ],
    [{ backends: 3, contenders: [] }, 'contenders must be a list with at least one contender, got []'],
    [
      { backends: 3, contenders: ['random', 'random'] },
      'contenders[1].label must be given, as contenders[0] is "random", too',
    ],
    [
      { backends: 3, contenders: [{ name: 'maglev', row: 101 }] },
      'contenders[0]: maglev.row is not an option; did you mean "rows"?',
    ],
    [
      { backends: 3, contenders: [{ name: 'random', rows: 101 }] },
      'contenders[0]: strategy.rows is not an option: random has none',
    ],
    [
      { backends: 3, settings: { guards: { outlierEjection: { consecutive: 3 } } } },
      'settings.guards.outlierEjection.consecutive is not an option; did you mean "consecutiveFailures"?',
    ],
    [
      { backends: 3, events: [{ type: 'crush', backends: 'b1', at: 0.5 }] },
      'events[0].type must be one of crash, restart, slow, errors, join, leave, drain, weight, deploy, burst, hot-key, ' +
        'retry-storm, got "crush"; did you mean "crash"?',
    ],
    [
      { backends: 3, events: [{ type: 'crash', backends: 'b4', at: 0.5 }] },
      'events[0].backends names "b4", which is no backend; did you mean "b1"?',
    ],
    [
      { backends: 3, events: [{ type: 'crash', backends: 'web-one', at: 0.5 }] },
      'events[0].backends names "web-one", which is no backend; there is b1, b2, b3',
    ],
    [
      { backends: 3, events: [{ type: 'crash', backends: 'b1' }] },
      'events[0] must have at or atMs, got neither',
    ],
    [
      { backends: 3, events: [{ type: 'slow', backends: 'b1', at: 0 }] },
      'events[0].factor must be a finite number above 0, got undefined',
    ],
    [
      { backends: 3, events: [{ type: 'slow', backends: 'b1', at: 0, how: 'much' }] },
      'events[0].how is not an option; there is type, at, atMs, for, forMs, backends, factor',
    ],
    [
      {
        backends: 3,
        requests: 100,
        arrivals: { perSecond: 100 },
        events: [{ type: 'burst', factor: 2, atMs: 5e3 }],
      },
      'events[0].atMs must be within the run, which takes 1000 ms, got 5000',
    ],
    [
      { backends: 3, requests: [] },
      'requests must be an integer from 1 to 100000000, or a list of at least one request, got []',
    ],
    [
      {
        backends: 3,
        requests: [
          { atMs: 5, key: 'a' },
          { atMs: 4, key: 'b' },
        ],
      },
      'requests[1].atMs must not be before the request before it, 5, got 4',
    ],
    [
      { backends: 3, requests: [{ atMs: 5, path: 'a' }] },
      'requests[0].path is not an option; there is atMs, key, workMs, client, write',
    ],
    [
      { backends: [{ name: '1 b' }] },
      'backends[0].name must be a name of letters, digits and hyphens that begins with a letter, got "1 b"',
    ],
  ])('%j', async (scenario, message) => {
    const error = await simulate(scenario as Scenario).catch((reason: unknown) => reason);
    expect((error as Error).message).toBe(message);
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
  });
});

describe('the whole floor', () => {
  const scenario: Partial<Scenario> = {
    backends: [{ count: 5, cache: 500 }],
    contenders: ['consistent-hash', 'least-time', 'power-of-two', 'ip-hash', 'hash-mod-n'],
    measure: { placements: 2, trace: 30 },
  };
  const onFloor = (floor: 'fast' | 'whole', more: Partial<Scenario> = {}) =>
    run({ ...scenario, ...more, measure: { ...scenario.measure, ...more.measure, floor } });
  const plain = ({ contenders }: SimulationResult) => contenders.map(({ floor: _, ...rest }) => rest);

  it('agrees with the fast one to the last bit: all around the engine changes nothing', async () => {
    const events: ScenarioEvent[] = [
      { type: 'leave', backends: 'b2', at: 0.4, for: 0.2 },
      { type: 'slow', backends: 'b3', factor: 3, at: 0.5, for: 0.3 },
      { type: 'errors', backends: 'b4', ratio: 0.2, status: 500, at: 0.2 },
    ];
    const [fast, whole] = [await onFloor('fast', { events }), await onFloor('whole', { events })];
    expect(whole.contenders[0]?.floor).toBe('whole');
    expect(plain(whole)).toEqual(plain(fast));
  });

  it('agrees with it nearly where retries, limits of time and health checks are at work', async () => {
    const more: Partial<Scenario> = {
      requests: 8_000,
      settings: {
        failover: true,
        timeoutMs: 200,
        health: { intervalMs: 50 },
        guards: { outlierEjection: { baseMs: 300 } },
      },
      events: [
        { type: 'crash', backends: 'b2', at: 0.3, for: 0.2 },
        { type: 'crash', backends: 'b3', how: 'hang', at: 0.6, for: 0.2 },
      ],
      contenders: ['consistent-hash', 'round-robin'],
    };
    const [fast, whole] = [await onFloor('fast', more), await onFloor('whole', more)];
    for (const [i, { figures }] of whole.contenders.entries()) {
      const other = (fast.contenders[i] as ContenderResult).figures;
      expect(Math.abs(figures.errors.mean - other.errors.mean)).toBeLessThan(0.005);
      expect(Math.abs(figures.retries.mean - other.retries.mean)).toBeLessThan(0.02);
      expect(Math.abs((figures.hits?.mean ?? 0) - (other.hits?.mean ?? 0))).toBeLessThan(0.02);
      expect(figures.meanMs.mean / other.meanMs.mean).toBeCloseTo(1, 0);
    }
    expect(fast.contenders[0]?.figures.retries.mean).toBeGreaterThan(0.002);
  });

  it('has a queue, which lets requests wait instead of failing', async () => {
    const settings = { guards: { maxInFlight: 4 } };
    const crowded: Partial<Scenario> = { arrivals: { load: 0.95 }, contenders: ['round-robin'] };
    const without = await run({ ...crowded, settings });
    const within = await run({ ...crowded, settings: { ...settings, queue: true } });
    expect(without.contenders[0]).toMatchObject({ floor: 'fast' });
    expect(without.contenders[0]?.figures.errors.mean).toBeGreaterThan(0.01);
    expect(within.contenders[0]).toMatchObject({ floor: 'whole' });
    expect(within.contenders[0]?.figures.errors.mean).toBe(0);
  });

  it('gives the same result again', async () => {
    const settings = { failover: true, queue: true, health: { intervalMs: 20 } };
    const again = () => run({ ...scenario, requests: 1_000, settings });
    expect(await again()).toEqual(await again());
  });
});
