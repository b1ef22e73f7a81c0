// The figures that the lessons of the presets name, in the order in which they stand there.
import type { ContenderResult, Figures, PresetName, SimulationResult } from '../../src/simulator/index.ts';

/** The figures of a lesson, from the result of its run. */
type Claims = (result: Look) => readonly string[];

/** Looks up figures in a result. */
export class Look {
  readonly #result: SimulationResult;

  constructor(result: SimulationResult) {
    this.#result = result;
  }

  of(label: string): ContenderResult {
    const found = this.#result.contenders.find((one) => one.label === label);
    if (found === undefined) throw new Error(`no contender ${label}`);
    return found;
  }

  mean(label: string, column: keyof Figures): number {
    return this.of(label).figures[column]?.mean ?? Number.NaN;
  }

  percent(label: string, column: keyof Figures): string {
    return percent(this.mean(label, column));
  }

  ms(label: string, column: keyof Figures = 'p99Ms'): string {
    return ms(this.mean(label, column));
  }

  times(label: string): string {
    return `${this.mean(label, 'mostOverMean').toFixed(2)} times`;
  }
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const ms = (value: number) => `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ms`;
/** Of a number of percent the reader computes from two others, rounded as they are. */
const points = (one: number, other: number) =>
  percent(Number((one * 100).toFixed(1)) / 100 - Number((other * 100).toFixed(1)) / 100);

/** What is given, and not measured: a share of time, a load, a figure of a paper. */
const GIVEN = ['90 %', '10 ms', '26.1 ms'];

export const CLAIMS: Readonly<Record<PresetName, Claims>> = {
  hello: (look) => [
    look.percent('consistent-hash', 'hits'),
    look.percent('maglev', 'hits'),
    look.percent('round-robin', 'hits'),
    look.ms('consistent-hash', 'meanMs'),
    look.ms('round-robin', 'meanMs'),
    look.times('consistent-hash'),
    look.times('maglev'),
    look.times('round-robin'),
    look.percent('hash-mod-n', 'hits'),
  ],
  'goes-and-comes-back': (look) => [
    look.percent('consistent-hash', 'keysMoved'),
    look.percent('consistent-hash', 'hits'),
    look.percent('hash-mod-n', 'keysMoved'),
    look.percent('hash-mod-n', 'hits'),
    percent(
      Math.min(
        ...look
          .of('hash-mod-n')
          .series.hits.slice(24)
          .map((hits) => hits ?? 1),
      ),
    ),
    look.percent('consistent-hash', 'errors'),
    look.percent('consistent-hash', 'retries'),
  ],
  'hot-key': (look) => [
    look.ms('no bound'),
    look.ms('consistent-hash'),
    points(look.mean('no bound', 'hits'), look.mean('consistent-hash', 'hits')),
    look.percent('consistent-hash', 'hits'),
    look.percent('no bound', 'hits'),
    look.times('strict bound'),
    look.times('consistent-hash'),
    points(look.mean('consistent-hash', 'hits'), look.mean('strict bound', 'hits')),
    look.percent('round-robin', 'hits'),
  ],
  'slow-backend': (look) =>
    ['round-robin', 'random', 'power-of-two', 'least-connections', 'peak-ewma', 'least-time'].map((label) =>
      look.ms(label),
    ),
  'two-choices': (look) =>
    ['random', 'power-of-two', 'least-connections'].map((label) => look.ms(label, 'meanMs')),
  'young-fleet': (look) => [
    look.times('round-robin-from-first'),
    look.ms('round-robin-from-first', 'meanMs'),
    look.times('round-robin'),
    look.ms('round-robin', 'meanMs'),
    look.times('least-connections'),
    look.times('random'),
  ],
  antagonists: (look) =>
    ['round-robin', 'random', 'power-of-two', 'least-connections', 'least-time', 'peak-ewma'].map((label) =>
      look.ms(label),
    ),
  'rolling-deploy': (look) => [
    look.percent('bare', 'errors'),
    look.percent('failover', 'errors'),
    look.percent('failover', 'retries'),
    look.ms('bare', 'meanMs'),
    look.ms('failover', 'meanMs'),
    look.percent('failover and ejection', 'retries'),
    look.ms('failover and ejection', 'meanMs'),
  ],
  'retry-storm': (look) => [
    look.percent('no limit', 'errors'),
    look.percent('8 in flight at most', 'errors'),
    look.ms('8 in flight at most'),
    look.ms('no limit'),
  ],
  'scale-out': (look) => [
    look.percent('consistent-hash', 'keysMoved'),
    look.percent('maglev', 'keysMoved'),
    look.percent('rendezvous', 'keysMoved'),
    look.percent('hash-mod-n', 'keysMoved'),
    look.percent('hash-mod-n', 'hits'),
    look.percent('consistent-hash', 'hits'),
    look.ms('hash-mod-n'),
    look.ms('consistent-hash'),
    look.percent('round-robin', 'hits'),
  ],
};

/** The figures that stand in a lesson. */
export function figuresIn(lesson: string): string[] {
  const figures = [...lesson.matchAll(/(?<![\d.])\d+(?:\.\d+)? (?:%|ms|times(?! as))/g)].map(
    ([text]) => text,
  );
  return figures.filter((text) => !GIVEN.includes(text));
}
