import { describe, expect, it } from 'vitest';
import { outlierEjection } from '../../src/index.ts';
import { engine } from '../../src/simulator/engine-caller.ts';
import { KeyCache } from '../../src/simulator/key-cache.ts';
import { type Experiment, simulate, urlOf } from '../../src/simulator/simulation.ts';
import { VirtualEnv } from '../../src/simulator/virtual-env.ts';

const base: Experiment = {
  seed: 7,
  servers: [{}],
  caller: engine(),
  rate: 0.05,
  untilMs: 2_000_000,
};

describe('a simulation', () => {
  it('agrees with queueing theory: M/M/1 at loads of 0.5 and 0.8', () => {
    // Mean time in the system: 10 ms / (1 - load).
    expect(Math.abs(simulate(base).latencyMs.mean / 20 - 1)).toBeLessThan(0.03);
    expect(Math.abs(simulate({ ...base, rate: 0.08 }).latencyMs.mean / 50 - 1)).toBeLessThan(0.08);
  });

  it('gives the same outcomes for the same seed, and others for another', () => {
    const short = { ...base, untilMs: 20_000 };
    expect(simulate(short)).toEqual(simulate(short));
    expect(simulate(short)).not.toEqual(simulate({ ...short, seed: 8 }));
  });

  it('has quantiles of few calls, too: of one, its latency', () => {
    const of = (untilMs: number) => simulate({ ...base, untilMs });
    let untilMs = 1;
    while (of(untilMs).calls < 1) untilMs++;
    const { calls, latencyMs } = of(untilMs);
    expect(calls).toBe(1);
    expect([latencyMs.p50, latencyMs.p99]).toEqual([latencyMs.mean, latencyMs.mean]);
  });

  it('sends the same traffic whatever the strategy draws', () => {
    const pool = { ...base, servers: Array.from({ length: 4 }, () => ({})), untilMs: 20_000 };
    const calls = (strategy: 'random' | 'round-robin') =>
      simulate({ ...pool, caller: engine({ balancer: { strategy } }) }).calls;
    expect(calls('random')).toBe(calls('round-robin'));
  });

  it('counts calls that a silent server never answers as errors, and those of others not', () => {
    const { calls, errors } = simulate({
      ...base,
      untilMs: 10_000,
      events: [
        {
          atMs: 5_000,
          happen: ({ servers }) => Object.assign(servers.get(urlOf(0)) ?? {}, { conduct: 'silent' }),
        },
      ],
    });
    expect(errors / calls).toBeCloseTo(0.5, 1);
  });

  it('lets failover hide one broken server of two, and the guard find it', () => {
    const ejected: string[] = [];
    const { errors } = simulate({
      ...base,
      servers: [{ concurrency: 8 }, { concurrency: 8 }],
      untilMs: 10_000,
      caller: engine({
        balancer: { guards: [outlierEjection()] },
        failover: {},
        built: (balancer) =>
          balancer.subscribe((event) => void (event.type === 'ejected' && ejected.push(event.backend))),
      }),
      events: [
        { atMs: 0, happen: ({ servers }) => Object.assign(servers.get(urlOf(1)) ?? {}, { conduct: 503 }) },
      ],
    });
    // The retry budget is small while little is in flight.
    expect(errors).toBeLessThan(3);
    expect(ejected).toEqual([urlOf(1)]);
  });

  it('answers faster from the cache', () => {
    const cached = { ...base, servers: [{ cache: { size: 1, factor: 10 } }], untilMs: 1_000 };
    const { hitRatio, latencyMs } = simulate({ ...cached, draw: () => ({ key: '/', sizeMs: 1 }) });
    expect(hitRatio).toBeGreaterThan(0.9);
    expect(latencyMs.p50).toBeCloseTo(0.1, 5);
  });
});

describe('the cache of a server', () => {
  it('forgets the key that was used longest ago', () => {
    const cache = new KeyCache<string>(2);
    expect(['a', 'b', 'a', 'c', 'b', 'b', 'a'].map((key) => cache.use(key))).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
      false,
    ]);
  });
});

describe('the virtual clock', () => {
  it('lets things happen in the order of their times, at one moment in the order in which they were planned', () => {
    const env = new VirtualEnv(1);
    const order: string[] = [];
    env.at(5, () => order.push(`b ${env.now}`));
    env.at(5, () => order.push(`c ${env.now}`));
    env.at(1, () => order.push(`a ${env.now}`));
    const cancel = env.timers.schedule(() => order.push('called off'), 2);
    expect(env.pendingTimers).toEqual({ foreground: 1, background: 0 });
    cancel();
    cancel();
    env.run(10);
    expect(order).toEqual(['a 1', 'b 5', 'c 5']);
    expect(env.now).toBe(10);
    expect(env.pendingTimers).toEqual({ foreground: 0, background: 0 });
  });
});
