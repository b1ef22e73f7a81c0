import { describe, expect, it } from 'vitest';
import { ZoneDemand } from '../../src/balancer/zone-demand.ts';

function count(demand: ZoneDemand, requests: Record<string, number>): void {
  for (const [zone, number] of Object.entries(requests)) for (let i = 0; i < number; i++) demand.count(zone);
}

describe('the shares that zones ask for', () => {
  it('are equal until 1,024 requests were counted', () => {
    const demand = new ZoneDemand();
    count(demand, { eu: 768, us: 255 });
    expect(demand.shareOf('eu', 4)).toBe(0.25);
    count(demand, { us: 1 });
    expect([demand.shareOf('eu', 4), demand.shareOf('us', 4)]).toEqual([0.75, 0.25]);
  });

  it('stay for a whole window, and then go half of the way', () => {
    const demand = new ZoneDemand();
    count(demand, { eu: 768, us: 256 });
    count(demand, { us: 1_023 });
    expect(demand.shareOf('eu', 2)).toBe(0.75);
    count(demand, { us: 1 });
    expect([demand.shareOf('eu', 2), demand.shareOf('us', 2)]).toEqual([0.375, 0.625]);
  });

  it('are equal where all requests are of one zone', () => {
    const demand = new ZoneDemand();
    count(demand, { eu: 1_024 });
    expect(demand.shareOf('eu', 2)).toBe(0.5);
  });

  it('are above 0, also of a zone without requests', () => {
    const demand = new ZoneDemand();
    count(demand, { eu: 512, us: 510, ap: 2 });
    expect([demand.shareOf('ap', 3), demand.shareOf('none', 3)]).toEqual([2 / 1_024, 1 / 1_024]);
    count(demand, { eu: 512, us: 512 });
    expect(demand.shareOf('ap', 3)).toBe(1 / 1_024);
  });

  it('are those of 256 zones at most, whatever names clients invent', () => {
    const demand = new ZoneDemand();
    count(demand, Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`z${i}`, 2])));
    count(demand, { late: 256, z255: 256 });
    expect(demand.shareOf('late', 2)).toBe(1 / 1_024);
    expect(demand.shareOf('z255', 2)).toBe(258 / 1_024);
  });
});
