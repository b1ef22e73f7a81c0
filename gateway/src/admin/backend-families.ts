// The metrics of each backend: those of its table of figures.
import { BACKEND_FIGURES } from '../observation/backend-figures.ts';
import type { BackendSeries } from './backend-series.ts';
import { figureFamilies } from './figure-families.ts';
import type { MetricFamily } from './metric-family.ts';

export const BACKEND_FAMILIES: readonly MetricFamily<BackendSeries>[] = figureFamilies(BACKEND_FIGURES).map(
  (family) => ({ ...family, samples: ({ figures }: BackendSeries) => family.samples(figures) }),
);
