import { describe, expect, it } from 'vitest';
import { DemoLines } from '../../src/cli/demo/demo-lines.ts';
import type { GatewayBackendStats, GatewayEvent, GatewayStats } from '../../src/contracts.ts';

const backend = (id: string, requests: number, state: GatewayBackendStats['state'] = 'up') => ({
  id,
  requests,
  state,
});
const event = (at: number, message: string) => ({ at, message });

/** As much of a gateway's numbers as the lines look at. */
function stats(
  total: number,
  backends: readonly Pick<GatewayBackendStats, 'id' | 'requests' | 'state'>[],
  events: readonly Pick<GatewayEvent, 'at' | 'message'>[] = [],
): GatewayStats {
  const latency = { p50Ms: 7.4, p99Ms: total === 0 ? undefined : 41 };
  return { requests: { total }, latency, pools: [{ backends }], events } as unknown as GatewayStats;
}

describe('the lines of the demonstration', () => {
  it('count what came since the last one, for all and for each backend', () => {
    const lines = new DemoLines();
    expect(lines.next(1, stats(30, [backend('alpha', 20), backend('beta', 10)]), 0)).toEqual([
      '    1 s   30 requests/s  p50   7 ms  p99  41 ms  0 failed  alpha 20/s     beta 10/s',
    ]);
    const [line] = lines.next(2, stats(75, [backend('alpha', 50, 'barred'), backend('beta', 25)]), 2);
    expect(line).toBe('    2 s   45 requests/s  p50   7 ms  p99  41 ms  2 failed  alpha ejected  beta 15/s');
    expect(lines.next(3, stats(75, [backend('alpha', 50, 'down')]), 2)[0]).toMatch(
      /0 requests\/s.*alpha down$/,
    );
  });

  it('say that nothing is known yet', () => {
    expect(new DemoLines().next(1, stats(0, []), 0)[0]).toContain('p99   - ms');
  });

  it('tell each event once, also when older ones have been dropped', () => {
    const lines = new DemoLines();
    const news = (...events: readonly ReturnType<typeof event>[]) =>
      lines
        .next(1, stats(0, [], events), 0)
        .slice(0, -1)
        .map((line) => line.trim());
    expect(news(event(1, 'serves'), event(5, 'gamma is down'))).toEqual(['serves', 'gamma is down']);
    expect(news(event(1, 'serves'), event(5, 'gamma is down'))).toEqual([]);
    expect(news(event(5, 'gamma is down'), event(5, 'gamma is up'))).toEqual(['gamma is up']);
    expect(news(event(9, 'beta is down'))).toEqual(['beta is down']);
  });
});
