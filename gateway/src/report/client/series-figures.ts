// The series that can be plotted over time: their names, and how their values read.
import { milliseconds, percent, ratio } from '../figure-text.ts';
import type { PlottedSeries } from '../page-data.ts';

interface SeriesFigure {
  readonly title: string;
  readonly unit: string;
  readonly format: (value: number) => string;
}

const share = (value: number) => `${percent(value)} %`;

export const SERIES_FIGURES: Readonly<Record<PlottedSeries, SeriesFigure>> = {
  p99Ms: { title: 'p99', unit: 'ms', format: milliseconds },
  p50Ms: { title: 'p50', unit: 'ms', format: milliseconds },
  meanMs: { title: 'mean time', unit: 'ms', format: milliseconds },
  errors: { title: 'errors', unit: 'share of requests', format: share },
  hits: { title: 'cache hits', unit: 'share of requests', format: share },
  mostOverMean: { title: 'most loaded backend', unit: 'times the mean', format: ratio },
  retries: { title: 'retries', unit: 'of requests', format: share },
  spills: { title: 'spills', unit: 'share of requests', format: share },
  moved: { title: 'requests to another backend than before', unit: 'share of requests', format: share },
  perSecond: {
    title: 'requests a second',
    unit: '',
    format: (value) => Math.round(value).toLocaleString('en'),
  },
};
