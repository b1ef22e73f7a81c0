import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ReplayResult, replay } from '../../../src/simulator/index.ts';

const sample = (name: string) => gunzipSync(readFileSync(new URL(name, import.meta.url)));
const COMBINED = sample('combined-10000.log.gz');
const BROKEN = sample('common-broken-lines.log.gz');

/** As the figures below were measured first: at random times, 20 ms for a miss and 2 ms for a hit. */
const SCENARIO = {
  arrivals: { perSecond: 1_500 },
  service: { meanMs: 20 },
  measure: { placements: 3 },
} as const;

const figureOf = ({ simulation }: ReplayResult, label: string) => {
  const found = simulation.contenders.find((contender) => contender.label === label);
  return { hits: 100 * (found?.figures.hits?.mean as number), meanMs: found?.figures.meanMs.mean as number };
};

describe('a replay', () => {
  it('gives the figures of a prototype that was written apart', async () => {
    const result = await replay([COMBINED], { scenario: SCENARIO });
    expect(result.log).toMatchObject({
      format: 'combined',
      lines: 10_000,
      broken: 0,
      late: 0,
      paths: 1_498,
      clients: 1_753,
    });
    expect((result.log.untilMs - result.log.fromMs) / 3_600_000).toBeCloseTo(83, 0);
    expect(result.log.outOfOrder / result.log.lines).toBeCloseTo(0.49, 2);
    for (const [label, hits, meanMs] of [
      ['round-robin', 64.1, 8.5],
      ['consistent-hash', 86.3, 4.5],
      ['strict bound', 79.2, 5.9],
      ['no bound', 89.2, 4],
    ] as const) {
      const figures = figureOf(result, label);
      expect(Math.abs(figures.hits - hits), `${label}: ${figures.hits} % hits`).toBeLessThan(1.2);
      expect(Math.abs(figures.meanMs - meanMs), `${label}: ${figures.meanMs} ms`).toBeLessThan(0.5);
    }
    expect(result.answer).toMatch(
      /^With 10 backends consistent-hash has 8\d\.\d % cache hits and a mean of 4\.\d ms; round-robin 64\.\d % cache hits and \d\.\d ms; the bound costs [23]\.\d points of hits and takes the busiest backend from 1\.\d\d to 1\.\d\d times its share; with 5 backends it would be \d\d\.\d % and \d\.\d ms, with 20 backends it would be \d\d\.\d % and \d\.\d ms\.$/,
    );
  });

  it('keeps requests together by the client where it is asked to', async () => {
    const contenders = ['consistent-hash'] as const;
    const result = await replay([COMBINED], { key: 'ip', scenario: { ...SCENARIO, contenders } });
    const { hits } = figureOf(result, 'consistent-hash');
    expect(Math.abs(hits - 67.3)).toBeLessThan(1.5);
  });

  it('answers for what was asked about where that is not the default', async () => {
    const { answer } = await replay([BROKEN], { scenario: { contenders: ['round-robin', 'maglev'] } });
    expect(answer).toMatch(/^With 10 backends maglev has .*; round-robin \d/);
  });

  it('counts broken lines and goes on', async () => {
    const { log } = await replay([BROKEN], { scenario: { contenders: ['consistent-hash'] } });
    expect(log).toMatchObject({ lines: 1_930, broken: 89, requests: 1_841 });
  });

  it('has the times of the log, squeezed', async () => {
    const options = { scenario: { contenders: ['consistent-hash'], backends: 4 } } as const;
    const { speedUp = 0, simulation, log } = await replay([COMBINED], options);
    expect(simulation.durationMs * speedUp).toBeCloseTo(log.untilMs - log.fromMs, 0);
    const slow = await replay([COMBINED], { ...options, speedUp: 100 });
    expect(slow.simulation.durationMs).toBeCloseTo((log.untilMs - log.fromMs) / 100, 3);
    expect(slow.simulation.contenders[0]?.figures.spills.mean).toBeLessThan(
      simulation.contenders[0]?.figures.spills.mean as number,
    );
  });

  it('is the same each time, and when the log is opened again', async () => {
    const options = { scenario: { contenders: ['consistent-hash', 'round-robin'] } } as const;
    const { digest } = await replay([BROKEN], options);
    expect((await replay(() => [BROKEN], options)).digest).toBe(digest);
    async function* slowly() {
      for (let i = 0; i < BROKEN.length; i += 999) yield BROKEN.subarray(i, i + 999);
    }
    expect((await replay(slowly(), options)).digest).toBe(digest);
  });

  it('takes the durations of the log, or bytes', async () => {
    const line = (second: number, ms: number) =>
      `{"time":"2026-11-29T16:46:${10 + second}Z","path":"/${second}","client":"a","durationMs":${ms},"bytes":4000}\n`;
    const text = Array.from({ length: 40 }, (_, i) => line(i, 30)).join('');
    const scenario = { contenders: ['round-robin'], backends: [{ count: 2 }] } as const;
    const { simulation, log } = await replay([text], { scenario, speedUp: 1 });
    expect(log.meanDurationMs).toBe(30);
    expect(simulation.contenders[0]?.figures.meanMs.mean).toBeCloseTo(30, 0);
    const bytes = await replay([text.replaceAll('"durationMs":30,', '')], {
      scenario,
      speedUp: 1,
      bytesPerMs: 100,
    });
    expect(bytes.simulation.contenders[0]?.figures.meanMs.mean).toBeCloseTo(40, 0);
  });

  it('ends early with what it has', async () => {
    const end = new AbortController();
    const { simulation, sizes } = await replay([COMBINED], {
      signal: end.signal,
      onProgress: () => end.abort(),
      scenario: { contenders: ['round-robin', 'random'] },
    });
    expect(simulation).toMatchObject({ isComplete: false, requests: 4_096 });
    expect(sizes).toEqual([]);
  });

  it.each([
    [{ speedUp: 0 }, 'speedUp must be a finite number above 0, got 0'],
    [{ key: 'cookie' }, "key must be 'path', 'ip' or an object with the name of a header, got \"cookie\""],
    [{ formt: 'json' }, 'formt is not an option; did you mean "format"?'],
    [{ scenario: { backends: 0 } }, 'backends[0].count must be an integer from 1 to 10000, got 0'],
  ])('refuses %o', async (options, message) => {
    await expect(replay([BROKEN], options as object)).rejects.toThrow(message);
  });

  it('refuses a log without a request', async () => {
    await expect(replay(['nothing\n'], { format: 'combined' })).rejects.toThrow(
      'log must have a request, got 1 lines without',
    );
  });
});
