import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientIn } from '../../src/message/forwarded-elements.ts';
import { trustedProxies } from '../../src/message/trusted-proxies.ts';

const PROXIES = trustedProxies(['10.0.0.0/8']);
const of = (forwarded: string) => {
  const client = clientIn(forwarded, PROXIES);
  return client && [client.address, client.scheme];
};

describe('the client in Forwarded', () => {
  it.each([
    ['for=192.0.2.1', ['192.0.2.1', undefined]],
    ['For="[2001:db8::1]:4711";Proto=https;by=10.0.0.1', ['2001:db8::1', 'https']],
    ['for=6.6.6.6, for=192.0.2.1;proto=https, for=10.0.0.1;proto=http', ['192.0.2.1', 'https']],
    ['for=10.0.0.1;proto=https, for=10.0.0.2', ['10.0.0.1', 'https']],
    ['host="a,b;for=6.6.6.6";for=192.0.2.1', ['192.0.2.1', undefined]],
    ['for=192.0.2.1;host="a\\"b"', ['192.0.2.1', undefined]],
    ['for=6.6.6.6, for=unknown, for=10.0.0.1', ['10.0.0.1', undefined]],
    ['for=6.6.6.6, for=_hidden', undefined],
    ['for=6.6.6.6, proto=http', undefined],
    ['proto=https', undefined],
    ['192.0.2.1', undefined],
    ['', undefined],
  ])('%s is %j', (forwarded, client) => {
    expect(of(forwarded)).toEqual(client);
  });

  it('is nobody where a quote is left open, which would hide what proxies have added', () => {
    expect(of('for=6.6.6.6;x=", for=192.0.2.1;by="[::1]:80"')).toBeUndefined();
    expect(of('for=6.6.6.6;x=", for="[2001:db8::1]"')).toBeUndefined();
    expect(of('for=6.6.6.6;x=", for=192.0.2.1')).toBeUndefined();
  });

  it('of any text is nobody, or an address that stands in it', () => {
    const piece = fc.oneof(
      fc.constantFrom('for=', 'proto=', '"', ';', ',', ' ', '\\', '[', ']:1', 'unknown', 'https'),
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
        (forwarded) => {
          const client = clientIn(forwarded, PROXIES);
          if (client === undefined) return;
          expect(isIP(client.address)).not.toBe(0);
          expect(forwarded.replaceAll('\\', '')).toContain(client.address);
        },
      ),
    );
  });

  it('is found at once in texts made to be slow to read', () => {
    const startedAt = performance.now();
    for (const text of ['a', '"', '\\"', 'for="', ' ', ',', 'for=1;'].map((one) => `x="${one.repeat(8_000)}`))
      of(text);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
