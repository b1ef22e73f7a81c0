import { describe, expect, it } from 'vitest';
import { ClientConnection } from '../../src/message/client-connection.ts';
import { addForwarded, isLoop, originOf } from '../../src/message/forwarded-headers.ts';
import { RequestHead } from '../../src/message/request-head.ts';
import { trustedProxies, UNIX_PEER } from '../../src/message/trusted-proxies.ts';

const IDENTITY = { name: 'gw', trustedProxies: trustedProxies(['10.0.0.0/8', '::1']) };
const WITH_UNIX = { ...IDENTITY, trustedProxies: trustedProxies(['10.0.0.0/8', 'unix']) };

function setUp(peer: string | undefined, headers: string[], isEncrypted = false, identity = IDENTITY) {
  const head = new RequestHead();
  const rawHeaders = ['Host', 'a.test:81', ...headers];
  head.read({ version: '1.1', method: 'GET', target: '/', rawHeaders }, { headers: 50, urlBytes: 100 });
  return { head, connection: new ClientConnection(peer, isEncrypted, identity.trustedProxies) };
}

function added(
  peer: string | undefined,
  headers: string[] = [],
  isEncrypted = false,
  identity = IDENTITY,
): Record<string, string> {
  const { head, connection } = setUp(peer, headers, isEncrypted, identity);
  const flat: string[] = [];
  const client = { version: '1.1', connection };
  addForwarded(flat, head, originOf(head, connection, identity), client, identity);
  return Object.fromEntries(
    Array.from({ length: flat.length / 2 }, (_, i) => [flat[i * 2], flat[i * 2 + 1]]),
  );
}

const origin = (peer: string, headers: string[], isEncrypted = false) => {
  const { head, connection } = setUp(peer, headers, isEncrypted);
  const { address, scheme } = originOf(head, connection, IDENTITY);
  return `${scheme} ${address}`;
};

const FORGED = [
  ...['X-Forwarded-For', '6.6.6.6', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'evil.test'],
  ...['Forwarded', 'for=6.6.6.6;proto=https'],
];

describe('what is added for a backend', () => {
  it('says who asks, for what, and how', () => {
    expect(added('192.0.2.1')).toEqual({
      Host: 'a.test:81',
      Via: '1.1 gw',
      'X-Forwarded-For': '192.0.2.1',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'a.test:81',
      Forwarded: 'for=192.0.2.1;host="a.test:81";proto=http',
    });
    expect(added('::ffff:192.0.2.1', [], true)).toMatchObject({
      'X-Forwarded-For': '192.0.2.1',
      'X-Forwarded-Proto': 'https',
    });
    expect(added('2001:db8::1').Forwarded).toBe('for="[2001:db8::1]";host="a.test:81";proto=http');
    expect(added(undefined).Forwarded).toBe('for=unknown;host="a.test:81";proto=http');
    expect(added(undefined)).not.toHaveProperty('X-Forwarded-For');
  });

  it('takes nobody at their word who is not trusted', () => {
    expect(added('192.0.2.1', FORGED)).toEqual(added('192.0.2.1'));
  });

  it.each([
    ['X-Forwarded-User', 'admin'],
    ['X-Forwarded-Ssl', 'on'],
    ['X-Forwarded-Prefix', '/evil'],
  ])('passes %s on only if a trusted proxy says it', (name, value) => {
    expect(added('192.0.2.1', [name, value])).toEqual(added('192.0.2.1'));
    expect(added('10.0.0.1', [name, value])).toMatchObject({ [name]: value });
    // What `Connection` lists is for the gateway alone.
    expect(added('10.0.0.1', [name, value, 'Connection', name])).toEqual(added('10.0.0.1'));
  });

  it.each([
    [['X-Forwarded-Proto', 'https', 'X-Forwarded-Proto', 'http'], 'https'],
    [['X-Forwarded-Proto', '', 'X-Forwarded-Proto', 'https'], 'https'],
    [['X-Forwarded-Proto', 'wss'], 'https'],
    [['X-Forwarded-Proto', 'WS'], 'http'],
  ])('reads %j as the list that it is', (headers, scheme) => {
    expect(added('10.0.0.1', headers)['X-Forwarded-Proto']).toBe(scheme);
  });

  it('believes the peers of unix sockets only if they are trusted', () => {
    const told = ['X-Forwarded-For', '192.0.2.9, unix:', 'X-Forwarded-Proto', 'https'];
    expect(added(UNIX_PEER, told)).toMatchObject({ 'X-Forwarded-Proto': 'http' });
    expect(added(UNIX_PEER, told)).not.toHaveProperty('X-Forwarded-For');
    expect(added(UNIX_PEER, told, false, WITH_UNIX)).toMatchObject({
      'X-Forwarded-For': '192.0.2.9, unix:',
      'X-Forwarded-Proto': 'https',
      Forwarded:
        'for=192.0.2.9;host="a.test:81";proto=https, for=unknown, for=unknown;host="a.test:81";proto=http',
    });
    // An address that is not known is not that of a unix socket.
    expect(added(undefined, told, false, WITH_UNIX)).toEqual(added(undefined));
  });

  it('continues what a trusted proxy has written', () => {
    expect(added('10.0.0.1', FORGED)).toMatchObject({
      Host: 'a.test:81',
      'X-Forwarded-For': '6.6.6.6, 10.0.0.1',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.test',
      Forwarded: 'for=6.6.6.6;proto=https, for=10.0.0.1;host="a.test:81";proto=http',
    });
    expect(
      added('10.0.0.1', ['X-Forwarded-For', '1.1.1.1', 'X-Forwarded-For', '2.2.2.2'])['X-Forwarded-For'],
    ).toBe('1.1.1.1, 2.2.2.2, 10.0.0.1');
  });

  it.each<[string[], Record<string, string>]>([
    [
      ['X-Forwarded-For', '192.0.2.9', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'shop.example'],
      {
        'X-Forwarded-Proto': 'https',
        Forwarded: 'for=192.0.2.9;host=shop.example;proto=https, for=10.0.0.1;host="a.test:81";proto=http',
      },
    ],
    [
      ['X-Forwarded-Proto', 'https'],
      { 'X-Forwarded-Proto': 'https', Forwarded: 'for=10.0.0.1;host="a.test:81";proto=https' },
    ],
    [
      ['Forwarded', 'for=192.0.2.9;proto=https;host=shop.example'],
      {
        'X-Forwarded-For': '192.0.2.9, 10.0.0.1',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'shop.example',
        Forwarded: 'for=192.0.2.9;proto=https;host=shop.example, for=10.0.0.1;host="a.test:81";proto=http',
      },
    ],
    [
      ['Forwarded', 'for=192.0.2.9;proto=http', 'X-Forwarded-For', '192.0.2.9', 'X-Forwarded-Proto', 'https'],
      {
        'X-Forwarded-Proto': 'https',
        Forwarded: 'for=192.0.2.9;host="a.test:81";proto=https, for=10.0.0.1;host="a.test:81";proto=http',
      },
    ],
    [
      ['X-Forwarded-For', '6.6.6.6, 192.0.2.9, 10.0.0.2', 'X-Forwarded-Proto', 'http, https, http'],
      {
        'X-Forwarded-Proto': 'https',
        Forwarded:
          'for=6.6.6.6, for=192.0.2.9;host="a.test:81";proto=https, for=10.0.0.2, for=10.0.0.1;host="a.test:81";proto=http',
      },
    ],
  ])('is one truth, whichever headers %j a trusted proxy writes', (headers, expected) => {
    expect(added('10.0.0.1', headers)).toMatchObject(expected);
  });

  it.each([
    ['X-Forwarded-Proto', 'gopher'],
    ['X-Forwarded-Proto', ''],
    ['X-Forwarded-Host', ''],
    ['X-Forwarded-Host', 'a b'],
    ['X-Forwarded-For', ''],
    ['X-Forwarded-For', ' , '],
    ['Forwarded', ''],
    ['Forwarded', 'for="'],
  ])('drops %s: %j, which says nothing', (name, value) => {
    expect(added('10.0.0.1', [name, value])).toEqual(added('10.0.0.1'));
  });

  it('continues Via, whoever has written it', () => {
    expect(added('192.0.2.1', ['Via', '1.0 other']).Via).toBe('1.0 other, 1.1 gw');
  });
});

describe('where a request comes from', () => {
  it('is the peer, unless that is trusted', () => {
    expect(origin('192.0.2.1', FORGED)).toBe('http 192.0.2.1');
    expect(origin('192.0.2.1', FORGED, true)).toBe('https 192.0.2.1');
    expect(origin('10.0.0.1', FORGED)).toBe('https 6.6.6.6');
    expect(origin('10.0.0.1', [])).toBe('http 10.0.0.1');
  });

  it('is told by Forwarded where X-Forwarded-For is not there', () => {
    expect(origin('10.0.0.1', ['Forwarded', 'for=7.7.7.7;proto=HTTPS, for=10.0.0.2'])).toBe('https 7.7.7.7');
    expect(origin('10.0.0.1', ['Forwarded', 'for=7.7.7.7', 'X-Forwarded-For', '8.8.8.8'])).toBe(
      'http 8.8.8.8',
    );
    expect(origin('10.0.0.1', ['Forwarded', 'for=7.7.7.7;proto=http', 'X-Forwarded-Proto', 'https'])).toBe(
      'https 7.7.7.7',
    );
  });

  it('is the proxy where what it says cannot be read', () => {
    expect(origin('10.0.0.1', ['X-Forwarded-For', 'junk', 'X-Forwarded-Proto', 'gopher'])).toBe(
      'http 10.0.0.1',
    );
    expect(origin('10.0.0.1', ['Forwarded', 'for="'], true)).toBe('https 10.0.0.1');
  });
});

describe('a loop', () => {
  it.each([
    ['1.1 gw', true],
    ['1.1 other, 2.0  gw (comment)', true],
    ['HTTP/1.1 gw', true],
    ['1.1 gw-2', false],
    ['1.1 my-gw', false],
    ['gw', false],
    ['', false],
    [undefined, false],
  ])('is seen in %j: %s', (via, expected) => {
    expect(isLoop(via, 'gw')).toBe(expected);
  });
});
