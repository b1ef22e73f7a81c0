// Makes one gateway's statistics of those of its workers.
import { mergeFigures } from './figure.ts';
import { GATEWAY_FIGURES, type GatewayStats } from './gateway-figures.ts';

/**
 * Merges the statistics of workers, figure by figure, as the tables of figures say.
 * @param all - one for each worker. One with `workers: 0` is the last of a worker that has ended: its totals
 *   count, and nothing else. For an empty list everything is 0
 */
export function mergeStats(all: readonly GatewayStats[]): GatewayStats {
  const running = all.filter(({ workers }) => workers > 0);
  const ended = all.filter(({ workers }) => workers === 0);
  return mergeFigures(GATEWAY_FIGURES, running, [...running, ...ended]);
}
