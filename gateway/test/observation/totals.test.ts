import { describe, expect, it } from 'vitest';
import { type Ending, Totals } from '../../src/observation/totals.ts';

const ending = (status: number, overrides: Partial<Ending> = {}): Ending => ({
  status,
  durationMs: 10,
  bytesReceived: 1,
  bytesSent: 2,
  code: undefined,
  ...overrides,
});

describe('the totals', () => {
  it('count requests by how they ended', () => {
    const totals = new Totals();
    for (const status of [200, 204, 302, 404, 499, 502, 101]) {
      totals.requests++;
      totals.inFlight++;
      totals.ended(ending(status));
    }
    totals.refused('ERR_LB_UPSTREAM');
    totals.refused('ERR_LB_UPSTREAM');
    totals.refused('__proto__');
    expect(totals).toMatchObject({ requests: 7, inFlight: 0, cancelled: 1, rateLimited: 0 });
    expect(totals.statuses.counts).toEqual({ '2xx': 2, '3xx': 1, '4xx': 1, '5xx': 1 });
    expect(Object.entries(totals.errors)).toEqual([
      ['ERR_LB_UPSTREAM', 2],
      ['__proto__', 1],
    ]);
    expect(totals).toMatchObject({ bytesReceived: 7, bytesSent: 14 });
    // A tunnel lasts as long as it likes.
    expect(totals.latency.stats().count).toBe(6);
  });
});
