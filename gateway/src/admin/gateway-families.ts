// The metrics of a whole gateway: those of its table of figures, and what is put together of several.
import { GATEWAY_FIGURES, type GatewayStats } from '../observation/gateway-figures.ts';
import { figureFamilies } from './figure-families.ts';
import type { MetricFamily } from './metric-family.ts';

export const GATEWAY_FAMILIES: readonly MetricFamily<GatewayStats>[] = [
  {
    name: 'evenkeel_build_info',
    type: 'gauge',
    help: 'Always 1; the labels tell the versions.',
    samples: ({ version, node }) => [{ labels: { version, node }, value: 1 }],
  },
  ...figureFamilies(GATEWAY_FIGURES),
];
