// Every strategy against its reference, on the same traffic, over five placements.

import { Balancer, type StrategyName } from '../../src/index.ts';
import type { ContenderResult, Figure, Scenario } from '../../src/simulator/index.ts';
import { simulate } from '../../src/simulator/index.ts';
import { seededStream, zipf } from '../../src/simulator/random.ts';
import type { PaperGroup, PaperRow } from './published.ts';
import { KEYED_REFERENCES, REFERENCES } from './references.ts';

type Workload = Pick<Scenario, 'backends' | 'balancers' | 'arrivals' | 'service'>;

const WORKLOADS: Readonly<Record<string, Workload>> = {
  'load 0.9': { backends: 10, arrivals: { load: 0.9 } },
  'speeds differ': {
    backends: [{ count: 5 }, { count: 5, speed: 0.5 }],
    balancers: 5,
    arrivals: { load: 0.6 },
  },
  antagonists: {
    backends: [{ count: 10, antagonist: { onMs: 500, offMs: 2_000, factor: 4 } }],
    balancers: 10,
    arrivals: { load: 0.55 },
  },
};

/**
 * Whether two figures cannot be told from each other: their ranges meet, or their means are within the larger
 * range or two percent.
 */
function agree(one: Figure, other: Figure): boolean {
  const spread = Math.max(one.most - one.least, other.most - other.least, 0.02 * other.mean);
  return Math.abs(one.mean - other.mean) <= spread || (one.least <= other.most && one.most >= other.least);
}

const shown = ({ mean, least, most }: Figure) =>
  `${mean.toFixed(1)} (${least.toFixed(1)} to ${most.toFixed(1)})`;

/** Strategies without keys: mean and 99th percentile. */
export const byLoad: PaperGroup = {
  name: 'references',
  async measure() {
    const rows: PaperRow[] = [];
    for (const [name, reference] of Object.entries(REFERENCES))
      for (const [workload, scenario] of Object.entries(WORKLOADS)) {
        const { contenders } = await simulate({
          ...scenario,
          requests: 30_000,
          keys: { distribution: 'once' },
          measure: { placements: 5, points: 1 },
          contenders: [name as StrategyName, { strategy: reference, label: 'reference' }],
        });
        const [ours, theirs] = contenders as [ContenderResult, ContenderResult];
        const [mean, p99] = [ours.figures.meanMs, ours.figures.p99Ms];
        rows.push({
          paper: `${name} against its reference`,
          what: `${workload}: mean, 99th percentile in ms`,
          theirs: `${shown(theirs.figures.meanMs)}, ${shown(theirs.figures.p99Ms)}`,
          ours: `${shown(mean)}, ${shown(p99)}`,
          met: isNoWorse(mean, theirs.figures.meanMs) && isNoWorse(p99, theirs.figures.p99Ms),
        });
      }
    return rows;
  },
};

/** Whether ours is the same as the reference, or better. */
function isNoWorse(ours: Figure, theirs: Figure): boolean {
  return ours.mean < theirs.mean || agree(ours, theirs);
}

/** Strategies with keys, without bounds: the busiest backend over the mean, with 20,000 keys by Zipf. */
export const byKey: PaperGroup = {
  name: 'homes',
  async measure() {
    return Object.entries(KEYED_REFERENCES).map(([name, reference]) => {
      const runs = [1, 2, 3, 4, 5].map((salt) => {
        const ids = Array.from({ length: 10 }, (_, i) => `http://10.${salt}.0.${i}`);
        const balancer = new Balancer(ids, {
          strategy: name as StrategyName,
          bounds: { factor: Number.POSITIVE_INFINITY },
        });
        const homeOf = reference(ids);
        const key = zipf(seededStream(5, 'keys'), 20_000, 0.7);
        const [ours, theirs] = [new Float64Array(10), new Float64Array(10)];
        for (let i = 0; i < 50_000; i++) {
          const name = `/item/${key()}`;
          const lease = balancer.acquire(name);
          const place = ids.indexOf(lease?.backend.id ?? '');
          ours[place] = (ours[place] as number) + 1;
          lease?.release();
          theirs[homeOf(name)] = (theirs[homeOf(name)] as number) + 1;
        }
        const ratio = (counts: Float64Array) => Math.max(...counts) / 5_000;
        return [ratio(ours), ratio(theirs)] as const;
      });
      const figure = (values: number[]): Figure => ({
        mean: values.reduce((sum, value) => sum + value, 0) / values.length,
        least: Math.min(...values),
        most: Math.max(...values),
      });
      const [ours, theirs] = [figure(runs.map(([own]) => own)), figure(runs.map(([, other]) => other))];
      const text = ({ mean, least, most }: Figure) =>
        `${mean.toFixed(3)} (${least.toFixed(3)} to ${most.toFixed(3)})`;
      return {
        paper: `${name} against its reference`,
        what: 'busiest backend over the mean, 20,000 keys by Zipf, ten backends',
        theirs: text(theirs),
        ours: text(ours),
        met: agree(ours, theirs),
      };
    });
  },
};
