import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  clientOf,
  isTrusted,
  plainAddress,
  trustedProxies,
} from '../../src/message/trusted-proxies.ts';

const PROXIES = trustedProxies(['10.0.0.0/8', '192.168.1.7', '2001:db8::/32', '::1']);

describe('trusted proxies', () => {
  it.each([
    ['10.1.2.3', true],
    ['11.0.0.1', false],
    ['192.168.1.7', true],
    ['192.168.1.8', false],
    ['2001:db8:1::2', true],
    ['2001:db9::2', false],
    ['::1', true],
    ['', false],
    ['10.1.2', false],
    ['10.1.2.3:80', false],
  ])('%s: %s', (address, expected) => {
    expect(isTrusted(address, PROXIES)).toBe(expected);
  });

  it.each(['', 'a', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '::/129', '10.0.0.0/1e1'])(
    'are not given by %j',
    (network) => {
      expect(() => trustedProxies([network])).toThrow(TypeError);
      expect(() => trustedProxies([network])).toThrow(JSON.stringify(network));
    },
  );

  it('are nobody where none are given, and everybody where all are', () => {
    expect(isTrusted('127.0.0.1', trustedProxies([]))).toBe(false);
    expect(isTrusted('8.8.8.8', trustedProxies(['0.0.0.0/0']))).toBe(true);
  });
});

describe('an address', () => {
  it('that is IPv4 in IPv6 is IPv4', () => {
    expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(plainAddress('::ffff:a00:1')).toBe('::ffff:a00:1');
    expect(plainAddress('::1')).toBe('::1');
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:DB8::1]:4711', '2001:DB8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['192.0.2.1:', undefined],
    ['192.0.2.256', undefined],
    ['[192.0.2.1', undefined],
    ['', undefined],
  ])('of the hop %j is %s', (hop, address) => {
    expect(addressOf(hop)).toBe(address);
  });
});

describe('the client in X-Forwarded-For', () => {
  it.each<[string[], string | undefined]>([
    [['192.0.2.1'], '192.0.2.1'],
    [['192.0.2.1, 10.0.0.1'], '192.0.2.1'],
    [['6.6.6.6, 192.0.2.1 ,10.0.0.1,10.0.0.2'], '192.0.2.1'],
    [['6.6.6.6', '192.0.2.1, 10.0.0.1', '10.0.0.2'], '192.0.2.1'],
    [['10.0.0.1, 10.0.0.2'], '10.0.0.1'],
    [['192.0.2.1:80, [::1]:81'], '192.0.2.1'],
    [['6.6.6.6, unknown, 10.0.0.1'], '10.0.0.1'],
    [['6.6.6.6, junk'], undefined],
    [['192.0.2.1,'], undefined],
    [[''], undefined],
    [[], undefined],
  ])('%j is %s', (chain, client) => {
    expect(clientOf(chain, PROXIES)).toBe(client);
  });

  it('of any text is nobody, or an address that stands in it', () => {
    const hop = fc.oneof(
      fc.string(),
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4().map((ip) => `10.${ip.split('.').slice(1).join('.')}`),
      fc.ipV6().map((ip) => `[${ip}]:1`),
    );
    const value = fc.array(hop, { maxLength: 6 }).map((hops) => hops.join(','));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (chain) => {
        const client = clientOf(chain, PROXIES);
        if (client === undefined) return;
        expect(isIP(client)).not.toBe(0);
        expect(chain.join()).toContain(client);
      }),
    );
  });

  it('is never farther away than the first hop that is not trusted', () => {
    const trusted = fc.constantFrom('10.0.0.1', '10.9.9.9', '192.168.1.7', '::1');
    fc.assert(
      fc.property(
        fc.string(),
        fc.ipV4().filter((ip) => !ip.startsWith('10.')),
        fc.array(trusted),
        (forged, client, via) => {
          expect(clientOf([[forged, client, ...via].join(', ')], PROXIES)).toBe(client);
        },
      ),
    );
  });
});
