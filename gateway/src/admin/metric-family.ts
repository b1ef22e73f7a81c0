// Metric families, and how prom-client is given them.
import { Gauge, type Registry } from 'prom-client';
import { PUBLISHED_BOUNDS_MS } from '../observation/latency-buckets.ts';
import type { LatencyStats } from '../observation/latency-histogram.ts';

/** One line of the exposition; `metricName` if it differs from the family's. */
interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/** Metrics of one name, read from a subject. */
export interface MetricFamily<T> {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  samples(of: T): readonly Sample[];
}

type Reading<T, V> = (of: T) => V;

/** A family with one number; without a sample while it is `undefined`. */
export function single<T>(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  read: Reading<T, number | undefined>,
): MetricFamily<T> {
  const samples = (of: T) => {
    const value = read(of);
    return value === undefined ? [] : [{ labels: {}, value }];
  };
  return { name, type, help, samples };
}

/** A family with one number for each value of a label. */
export function labelled<T>(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  label: string,
  read: Reading<T, Readonly<Record<string, number>> | undefined>,
): MetricFamily<T> {
  const samples = (of: T) =>
    Object.entries(read(of) ?? {}).map(([text, value]) => ({ labels: { [label]: text }, value }));
  return { name, type, help, samples };
}

/** A histogram in seconds. */
export function durations<T>(name: string, help: string, read: Reading<T, LatencyStats>): MetricFamily<T> {
  return { name, type: 'histogram', help, samples: (of) => histogramSamples(name, read(of)) };
}

/** A family with samples for each of several subjects, told apart by labels. */
export function forEach<T, Each>(
  { samples, ...family }: MetricFamily<Each>,
  all: Reading<T, readonly Each[]>,
  labelsOf: Reading<Each, Readonly<Record<string, string>>>,
): MetricFamily<T> {
  const samplesOf = (each: Each) => {
    const own = labelsOf(each);
    return samples(each).map((sample) => ({ ...sample, labels: { ...own, ...sample.labels } }));
  };
  return { ...family, samples: (of) => all(of).flatMap(samplesOf) };
}

/** A family in the form that the registry of prom-client takes. */
export class FamilyMetric<T> extends Gauge {
  readonly #family: MetricFamily<T>;
  readonly #subject: T;

  constructor(family: MetricFamily<T>, registry: Registry, subject: T) {
    super({ name: family.name, help: family.help, registers: [registry] });
    this.#family = family;
    this.#subject = subject;
  }

  override async get() {
    const { name, help, type } = this.#family;
    const values = this.#family.samples(this.#subject);
    // The declared type is a number, but the registry writes it as a word.
    return { name, help, type, aggregator: 'sum', values } as unknown as Awaited<ReturnType<Gauge['get']>>;
  }
}

function histogramSamples(name: string, { count, sumMs, buckets }: LatencyStats): Sample[] {
  const samples: Sample[] = [];
  let counted = 0;
  let next = 0;
  for (const boundMs of PUBLISHED_BOUNDS_MS) {
    for (let bucket = buckets[next]; bucket !== undefined && bucket[0] <= boundMs; bucket = buckets[++next]) {
      counted += bucket[1];
    }
    samples.push({ labels: { le: boundMs / 1_000 }, value: counted, metricName: `${name}_bucket` });
  }
  samples.push({ labels: { le: '+Inf' }, value: count, metricName: `${name}_bucket` });
  samples.push({ labels: {}, value: sumMs / 1_000, metricName: `${name}_sum` });
  samples.push({ labels: {}, value: count, metricName: `${name}_count` });
  return samples;
}
