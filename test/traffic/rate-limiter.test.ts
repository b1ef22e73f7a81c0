import { describe, expect, it } from 'vitest';
import { clientNetwork, rateLimitHeaders } from '../../src/traffic/rate-limiter.ts';

describe('rateLimitHeaders', () => {
  it('say where a client stands', () => {
    expect(rateLimitHeaders({ allowed: true, limit: 100, remaining: 99, resetMs: 59_001 })).toEqual([
      ['RateLimit-Limit', '100'],
      ['RateLimit-Remaining', '99'],
      ['RateLimit-Reset', '60'],
    ]);
  });

  it('say when to come back, where the request is refused', () => {
    expect(rateLimitHeaders({ allowed: false, limit: 100, remaining: 0, resetMs: 1_500 })).toEqual([
      ['RateLimit-Limit', '100'],
      ['RateLimit-Remaining', '0'],
      ['RateLimit-Reset', '2'],
      ['Retry-After', '2'],
    ]);
  });

  it.each([0, 1, 999, 1_000])('never ask a refused client to come back at once: %s ms', (resetMs) => {
    const headers = new Map(rateLimitHeaders({ allowed: false, limit: 1, remaining: 0, resetMs }));
    expect(headers.get('Retry-After')).toBe('1');
  });

  it.each([
    [Number.NaN, '0'],
    [-5, '0'],
    [Number.POSITIVE_INFINITY, '999999999999999'],
    [undefined as unknown as number, '0'],
  ])('are whole numbers whatever a limiter says: %s', (value, text) => {
    const headers = new Map(
      rateLimitHeaders({ allowed: true, limit: value, remaining: value, resetMs: value }),
    );
    expect([...headers.values()]).toEqual([text, text, text]);
  });
});

describe('clientNetwork', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7:51234', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]:443', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['[fe80::1%25eth0]:80', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['[::ffff:192.0.2.7]:80', '192.0.2.7'],
    ['::ffff:0:192.0.2.7', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ])('of %s is %s', (address, network) => {
    expect(clientNetwork(address)).toBe(network);
  });

  it('is the same for all of a /64 and another one for the next', () => {
    const hex = (i: number) => (i * 7919).toString(16);
    const all = Array.from({ length: 200 }, (_, i) =>
      clientNetwork(`2001:db8:1:2:${hex(i % 8)}:0:0:${hex(i % 8)}`),
    );
    expect(new Set(all)).toEqual(new Set(['2001:db8:1:2::/64']));
    expect(clientNetwork('2001:db8:1:3::')).toBe('2001:db8:1:3::/64');
  });

  it.each([
    '',
    'unknown',
    'example.com',
    '256.1.1.1',
    '192.0.2.07',
    '192.0.2.07:80',
    '1.2.3',
    ':::',
    '1:2:3:4:5:6:7:8:9',
    'g::1',
    '[::1',
    '::1]',
    '::1]@[::2',
    '::1/64',
    '__proto__',
    '\u0000',
  ])('of %j, which is no address, is that', (text) => {
    expect(clientNetwork(text)).toBe(text);
  });

  it('reads long rubbish in linear time', () => {
    const start = performance.now();
    for (const piece of [':', '1', '1:', '1.', '[', '%', 'f%']) {
      const text = piece.repeat(65_536);
      expect(typeof clientNetwork(text)).toBe('string');
    }
    expect(performance.now() - start).toBeLessThan(500);
  });
});
