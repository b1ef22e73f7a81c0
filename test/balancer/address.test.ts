import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkWeight, readEntry } from '../../src/balancer/address.ts';
import { Balancer } from '../../src/balancer/balancer.ts';
import type { BackendPoolEntry } from '../../src/contracts.ts';
import { shown } from '../../src/shown.ts';

/** Reads an entry as the third of a pool, whatever its type. */
const read = (entry: unknown) => readEntry(entry as BackendPoolEntry, 'backendPool[2]');
const urlOf = (entry: unknown) => read(entry).url;
const addressOf = (entry: unknown) => read(entry).address;

/** What reading an entry throws. */
function errorOf(entry: unknown): Error {
  try {
    read(entry);
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`not an Error: ${String(error)}`);
  }
  throw new Error('nothing was thrown');
}

describe('the accepted forms of a pool entry', () => {
  it.each<[string, BackendPoolEntry, string]>([
    ['the native form', { IPAddr: '10.0.0.1', Port: 8080 }, 'http://10.0.0.1:8080'],
    [
      'the native form with a host name',
      { IPAddr: 'web-1.internal', Port: 9000 },
      'http://web-1.internal:9000',
    ],
    ['the native form with the default port', { IPAddr: '10.0.0.1', Port: 80 }, 'http://10.0.0.1:80'],
    ['the native form with IPv6', { IPAddr: '2001:db8::1', Port: 8080 }, 'http://[2001:db8::1]:8080'],
    [
      'the native form with IPv6 in brackets',
      { IPAddr: '[2001:db8::1]', Port: 80 },
      'http://[2001:db8::1]:80',
    ],
    [
      'the native form with IPv4 inside IPv6',
      { IPAddr: '::ffff:10.0.0.1', Port: 1 },
      'http://[::ffff:10.0.0.1]:1',
    ],
    ['the highest port', { IPAddr: '::1', Port: 65_535 }, 'http://[::1]:65535'],
    ['host and port', { host: 'localhost', port: 3000 }, 'http://localhost:3000'],
    ['host and port with http', { host: 'localhost', port: 80, protocol: 'http' }, 'http://localhost:80'],
    [
      'host and port with https',
      { host: 'a.example', port: 443, protocol: 'https' },
      'https://a.example:443',
    ],
    ['host and port with IPv6', { host: '::1', port: 3000 }, 'http://[::1]:3000'],
    ['host and port with IPv6 in brackets', { host: '[::1]', port: 3000 }, 'http://[::1]:3000'],
    ['a URL', { url: 'http://10.0.0.1:8080' }, 'http://10.0.0.1:8080'],
    ['a URL with https', { url: 'https://a.example' }, 'https://a.example'],
    ['a URL with IPv6', { url: 'http://[::1]:8080/' }, 'http://[::1]:8080'],
    ['a string', 'http://10.0.0.1:8080', 'http://10.0.0.1:8080'],
    ['a string with a trailing slash', 'http://10.0.0.1:8080/', 'http://10.0.0.1:8080'],
    ['a string with a path prefix', 'http://a.example/base', 'http://a.example/base'],
    ['a prefix with a trailing slash', 'http://a.example/base/', 'http://a.example/base'],
    ['a prefix with several trailing slashes', 'http://a.example/base///', 'http://a.example/base'],
    ['nothing but trailing slashes', 'http://a.example//', 'http://a.example'],
    ['a prefix of several segments', { url: 'https://a.example/v1/api/' }, 'https://a.example/v1/api'],
    ['host:port', 'localhost:8001', 'http://localhost:8001'],
    ['host:port with IPv4', '10.0.0.1:80', 'http://10.0.0.1:80'],
    ['host:port with IPv6', '[::1]:8080', 'http://[::1]:8080'],
    ['host:port as a URL', { url: 'localhost:8001' }, 'http://localhost:8001'],
    ['a URL object', new URL('http://10.0.0.1:8080/base/'), 'http://10.0.0.1:8080/base'],
    ['a URL object as a URL', { url: new URL('https://a.example') as never }, 'https://a.example'],
    ['hostname and port', { hostname: 'a.example', port: 3000 }, 'http://a.example:3000'],
    [
      'hostname and port with https',
      { hostname: 'a.example', port: 443, protocol: 'https' },
      'https://a.example:443',
    ],
    ['what server.address() gives', { address: '::1', family: 'IPv6', port: 81 } as never, 'http://[::1]:81'],
    ['a port as text', { host: 'a.example', port: '80' }, 'http://a.example:80'],
    [
      'the native form with a port as text',
      { IPAddr: '10.0.0.1', Port: '80' as never },
      'http://10.0.0.1:80',
    ],
    ['a string in capitals', 'HTTP://A.Example:8080/Base', 'HTTP://A.Example:8080/Base'],
    ['a string with the default port', 'http://10.0.0.1:80/', 'http://10.0.0.1:80'],
    ['a string with spaces around', ' http://10.0.0.1:80 ', 'http://10.0.0.1'],
    ['a string with another kind of slashes', 'http:\\\\a.example\\base', 'http://a.example/base'],
    ['a string with a colon and no port', 'http://a.example:/base', 'http://a.example/base'],
    ['a prefix that leads back', 'http://A.example:80/a/../base', 'http://A.example:80/base'],
  ])('%s', (_, entry, url) => {
    expect(read(entry)).toMatchObject({
      id: addressOf(url),
      url,
      address: addressOf(url),
      weight: 1,
      zone: undefined,
    });
  });

  it.each([
    { IPAddr: '10.0.0.1', Port: 8080 },
    { url: 'http://10.0.0.1:8080' },
    { host: '10.0.0.1', port: 8080 },
    { hostname: '10.0.0.1', port: '8080' },
    { address: '10.0.0.1', port: 8080 },
  ])('%j takes an id, a weight and a zone', (entry) => {
    expect(read({ ...entry, id: 'cache-7', weight: 2.5, zone: 'eu-west-1a' })).toMatchObject({
      id: 'cache-7',
      url: 'http://10.0.0.1:8080',
      weight: 2.5,
      zone: 'eu-west-1a',
    });
  });

  it('takes what stands on a prototype, as the getters of a class do', () => {
    class Node {
      get IPAddr() {
        return '10.0.0.9';
      }
      get Port() {
        return 81;
      }
    }
    expect(urlOf(new Node())).toBe('http://10.0.0.9:81');
  });

  it('takes what is explicitly undefined as left out', () => {
    const traits = { id: undefined, weight: undefined, zone: undefined };
    expect(read({ url: 'http://a.example', ...traits })).toMatchObject({ id: 'http://a.example', weight: 1 });
    expect(urlOf({ host: 'a.example', port: 80, protocol: undefined })).toBe('http://a.example:80');
  });

  it.each([0, -0, 0.25, 1, 1_000])('takes the weight %d', (weight) => {
    expect(read({ url: 'http://a.example', weight }).weight).toBe(weight);
  });

  it('leaves the entry as it is', () => {
    const entry = Object.freeze({ IPAddr: '::1', Port: 80, id: 'a' });
    expect(urlOf(entry)).toBe('http://[::1]:80');
  });
});

describe('the canonical address', () => {
  it('is equal for every spelling of one address', () => {
    const spellings = [
      { IPAddr: '::1', Port: 80 },
      { IPAddr: '[::1]', Port: 80 },
      { IPAddr: '0:0:0:0:0:0:0:1', Port: 80 },
      { host: '::1', port: 80 },
      { hostname: '[::1]', port: '80' },
      { address: '::1', port: 80 },
      '[::1]:80',
      new URL('http://[::1]/'),
      { url: 'http://[::1]' },
      'http://[::1]/',
      'http://[0::1]:80',
    ];
    expect(new Set(spellings.map(addressOf))).toEqual(new Set(['http://[::1]']));
  });

  it('does not depend on the case of a host, but on that of a path', () => {
    expect(addressOf({ IPAddr: 'Web-1', Port: 80 })).toBe(addressOf('http://web-1'));
    expect(addressOf('http://web-1/Base')).not.toBe(addressOf('http://web-1/base'));
  });

  it('tells ports, schemes and prefixes apart', () => {
    const entries = ['http://a', 'http://a:81', 'https://a', 'https://a:80', 'http://a/b', 'http://b'];
    expect(new Set(entries.map(addressOf)).size).toBe(entries.length);
  });
});

describe('a wrong pool entry', () => {
  const FORMS = 'IPAddr and Port, url, or one of host, hostname and address with port';
  const RULE = `must be a URL, host:port, or an object with ${FORMS}`;
  const HAVE = `must have ${FORMS}`;
  const URL_RULE = 'must be host:port, or an http or https URL without user, query and fragment';
  const HOST_RULE = 'must be an IP address or a host name';

  it.each<[unknown, string]>([
    [null, `backendPool[2] ${RULE}, got null`],
    [undefined, `backendPool[2] ${RULE}, got undefined`],
    [8080, `backendPool[2] ${RULE}, got 8080`],
    [Number.NaN, `backendPool[2] ${RULE}, got NaN`],
    [true, `backendPool[2] ${RULE}, got true`],
    [8n, `backendPool[2] ${RULE}, got 8`],
    [Symbol('a'), `backendPool[2] ${RULE}, got Symbol(a)`],
    [{}, `backendPool[2] ${HAVE}, got {}`],
    [[], `backendPool[2] ${HAVE}, got []`],
    [['http://a'], `backendPool[2] ${HAVE}, got ["http://a"]`],
    [{ ipAddr: '10.0.0.1', port: 80 }, `backendPool[2] ${HAVE}, got {"ipAddr":"10.0.0.1","port":80}`],
  ])('%o is of no accepted form', (entry, message) => {
    expect(errorOf(entry)).toMatchObject({ name: 'TypeError', message });
  });

  it.each<[unknown, string]>([
    [70_000, '70000'],
    [65_536, '65536'],
    [0, '0'],
    [-1, '-1'],
    [80.5, '80.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['', '""'],
    ['0', '"0"'],
    ['080', '"080"'],
    ['+80', '"+80"'],
    [' 80', '" 80"'],
    ['8e1', '"8e1"'],
    ['0x50', '"0x50"'],
    ['80.0', '"80.0"'],
    ['65536', '"65536"'],
    ['tcp://10.0.0.1:80', '"tcp://10.0.0.1:80"'],
    [null, 'null'],
    [undefined, 'undefined'],
    [[80], '[80]'],
    [80n, '80'],
  ])('has the port %o', (port, got) => {
    const rule = `must be an integer from 1 to 65535, got ${got}`;
    expect(errorOf({ IPAddr: '10.0.0.1', Port: port })).toMatchObject({
      name: 'RangeError',
      message: `backendPool[2].Port ${rule}`,
    });
    expect(errorOf({ host: '10.0.0.1', port })).toMatchObject({
      name: 'RangeError',
      message: `backendPool[2].port ${rule}`,
    });
  });

  it('lacks its port', () => {
    expect(errorOf({ IPAddr: '10.0.0.1' }).message).toBe(
      'backendPool[2].Port must be an integer from 1 to 65535, got undefined',
    );
  });

  it.each([
    ['nothing', ''],
    ['a user', 'user@10.0.0.1'],
    ['a user and a password', 'user:secret@10.0.0.1'],
    ['a slash', '10.0.0.1/admin'],
    ['a backslash', '10.0.0.1\\admin'],
    ['a query', '10.0.0.1?x'],
    ['a fragment', '10.0.0.1#x'],
    ['a port', '10.0.0.1:81'],
    ['a port behind brackets', '[::1]:81'],
    ['a scheme', 'http://10.0.0.1'],
    ['a space in front', ' 10.0.0.1'],
    ['a space behind', '10.0.0.1 '],
    ['a space within', 'web 1'],
    ['a line break', '10.0.0.1\r\n'],
    ['a tab', '10.0\t.0.1'],
    ['a zero character', 'web\u0000'],
    ['a wide slash that folds to a plain one', 'a.example\uFF0Fb'],
    ['a wide @ that folds to a plain one', 'a\uFF20b.example'],
    ['a percent escape', 'a%2fb'],
    ['a percent escape of a plain character', 'web%31'],
    ['an IPv6 zone', 'fe80::1%eth0'],
    ['an open bracket', '[::1'],
    ['a closed bracket', '::1]'],
    ['brackets in brackets', '[[::1]]'],
    ['no IPv6 in brackets', '[web-1]'],
    ['text behind brackets', '[::1]x'],
    ['too many groups', '1:2:3:4:5:6:7:8:9'],
    ['an octet above 255', '10.0.0.256'],
    ['markup', '<web>'],
  ])('has %s in its host', (_, host) => {
    expect(errorOf({ IPAddr: host, Port: 80 })).toMatchObject({
      name: 'TypeError',
      message: `backendPool[2].IPAddr ${HOST_RULE}, got ${JSON.stringify(host)}`,
    });
    expect(errorOf({ host, port: 80 })).toMatchObject({
      name: 'TypeError',
      message: `backendPool[2].host ${HOST_RULE}, got ${JSON.stringify(host)}`,
    });
  });

  it.each<[unknown, string]>([
    [null, 'null'],
    [undefined, 'undefined'],
    [127_001, '127001'],
    [['10.0.0.1'], '["10.0.0.1"]'],
    [{ toString: () => '10.0.0.1' }, '{}'],
  ])('has the host %o, which is not text', (host, got) => {
    expect(errorOf({ IPAddr: host, Port: 80 })).toMatchObject({
      name: 'TypeError',
      message: `backendPool[2].IPAddr ${HOST_RULE}, got ${got}`,
    });
  });

  it.each<[string, unknown]>([
    ['nothing', ''],
    ['no scheme and no port', '10.0.0.1'],
    ['no scheme, but a path', '10.0.0.1:8080/base'],
    ['no scheme, but a user', 'user@10.0.0.1:8080'],
    ['no scheme and IPv6 without brackets', '::1:8080'],
    ['a path alone', '/base'],
    ['no host', 'http://'],
    ['ftp', 'ftp://a.example'],
    ['a web socket', 'ws://a.example'],
    ['a file', 'file:///etc/passwd'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/plain,a'],
    ['a blob', 'blob:http://a.example/1'],
    ['a query', 'http://a.example/?x=1'],
    ['an empty query', 'http://a.example/?'],
    ['a fragment', 'http://a.example/#x'],
    ['an empty fragment', 'http://a.example#'],
    ['port 70000', 'http://a.example:70000'],
    ['port 0', 'http://a.example:0'],
    ['a space in the host', 'http://a b'],
  ])('has %s in its URL', (_, url) => {
    const rule = `${URL_RULE}, got ${JSON.stringify(url)}`;
    expect(errorOf(url)).toMatchObject({ name: 'TypeError', message: `backendPool[2] ${rule}` });
    expect(errorOf({ url })).toMatchObject({ name: 'TypeError', message: `backendPool[2].url ${rule}` });
  });

  it.each([
    ['a user', 'http://user@a.example'],
    ['a password', 'http://user:secret@a.example'],
    ['a password alone', 'http://:secret@a.example'],
  ])('has %s in its URL, which the message does not tell', (_, url) => {
    const rule = `${URL_RULE}, got "http://***@a.example"`;
    expect(errorOf(url)).toMatchObject({ name: 'TypeError', message: `backendPool[2] ${rule}` });
    expect(errorOf({ url })).toMatchObject({ name: 'TypeError', message: `backendPool[2].url ${rule}` });
  });

  it.each<[unknown, string]>([
    [null, 'null'],
    [undefined, 'undefined'],
    [80, '80'],
    [['http://a'], '["http://a"]'],
  ])('has the url %o, which is not text', (url, got) => {
    expect(errorOf({ url })).toMatchObject({
      name: 'TypeError',
      message: `backendPool[2].url ${URL_RULE}, got ${got}`,
    });
  });

  it.each([['ftp'], ['https:'], ['HTTP'], [''], [null], [443]])('has the protocol %o', (protocol) => {
    expect(errorOf({ host: 'a.example', port: 80, protocol })).toMatchObject({
      name: 'TypeError',
      message: `backendPool[2].protocol must be "http" or "https", got ${JSON.stringify(protocol)}`,
    });
  });

  it.each<[unknown, string]>([
    [-1, '-1'],
    [-Number.MIN_VALUE, '-5e-324'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [1_000.1, '1000.1'],
    ['2', '"2"'],
    [null, 'null'],
    [true, 'true'],
    [2n, '2'],
  ])('has the weight %o', (weight, got) => {
    expect(errorOf({ IPAddr: '10.0.0.1', Port: 80, weight })).toMatchObject({
      name: 'RangeError',
      message: `backendPool[2].weight must be a number from 0 to 1000, got ${got}`,
    });
  });

  it.each<[unknown, string]>([
    ['', '""'],
    [null, 'null'],
    [7, '7'],
    [{ name: 'a' }, '{"name":"a"}'],
  ])('has the id %o', (id, got) => {
    expect(errorOf({ url: 'http://a', id })).toMatchObject({
      name: 'TypeError',
      message: `backendPool[2].id must be a string with at least one character, got ${got}`,
    });
  });

  it('has a zone that is not text', () => {
    expect(errorOf({ url: 'http://a', zone: 5 })).toMatchObject({
      name: 'TypeError',
      message: 'backendPool[2].zone must be a string, got 5',
    });
  });

  it.each<[string, unknown]>([
    [
      'its host',
      {
        get IPAddr() {
          throw new Error('boom');
        },
        Port: 80,
      },
    ],
    [
      'its url',
      {
        get url() {
          throw new Error('boom');
        },
      },
    ],
    [
      'its weight',
      {
        url: 'http://a',
        get weight() {
          throw new Error('boom');
        },
      },
    ],
    [
      'its traits',
      new Proxy(
        {},
        {
          has() {
            throw new Error('boom');
          },
        },
      ),
    ],
    [
      'its host, with something that is not an Error',
      {
        get host() {
          throw 'boom';
        },
        port: 80,
      },
    ],
  ])('throws while it tells %s: the message says where, and why', (_, entry) => {
    const error = errorOf(entry);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^backendPool\[2\].*boom/);
  });

  it('never gets past its check as anything but a TypeError or RangeError that names the place', () => {
    const keys = fc.constantFrom('IPAddr', 'Port', 'url', 'host', 'port', 'protocol', 'id', 'weight', 'zone');
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.dictionary(keys, fc.anything())), (entry) => {
        try {
          const { url, address } = read(entry);
          expect(url).toMatch(/^https?:\/\/[^\s@?#]*[^/]$/);
          expect(URL.canParse(address)).toBe(true);
        } catch (error) {
          expect(['TypeError', 'RangeError']).toContain((error as Error).name);
          expect((error as Error).message).toMatch(/^backendPool\[2\]/);
        }
      }),
    );
  });
});

describe('a pool with a wrong entry', () => {
  it('throws at construction, and names the first wrong one', () => {
    const pool = [
      'http://a',
      { IPAddr: '10.0.0.1', Port: 80 },
      { IPAddr: '10.0.0.2', Port: 70_000 },
      'ftp://b',
    ];
    expect(() => new Balancer(pool)).toThrow(
      new RangeError('backendPool[2].Port must be an integer from 1 to 65535, got 70000'),
    );
  });

  it('throws for a hole in the array', () => {
    const pool: BackendPoolEntry[] = ['http://a'];
    pool[2] = 'http://b';
    expect(() => new Balancer(pool)).toThrow(/^backendPool\[1\] must be .* got undefined$/);
  });

  it('throws when entries of one backend add up to more than the highest weight', () => {
    const pool = [{ url: 'http://a', weight: 600 }, 'http://b', { url: 'http://a/', weight: 600 }];
    expect(() => new Balancer(pool)).toThrow(
      /^backendPool\[2\]\.weight, added to that of backendPool\[0\], must be .* got 1200$/,
    );
  });

  it('throws when one id stands for two addresses', () => {
    const pool = [
      { url: 'http://a', id: 'x' },
      { url: 'http://b', id: 'x' },
    ];
    expect(() => new Balancer(pool)).toThrow(/^backendPool\[1\]\.id "x" .* http:\/\/a .*got http:\/\/b$/);
  });
});

describe('checkWeight', () => {
  it('gives a good weight back, and names the place of a bad one', () => {
    expect(checkWeight(0.5, 'weight')).toBe(0.5);
    expect(() => checkWeight(-0.5, 'weight')).toThrow(
      new RangeError('weight must be a number from 0 to 1000, got -0.5'),
    );
  });
});

describe('shown', () => {
  it.each<[unknown, string]>([
    ['a"b', '"a\\"b"'],
    ['a\r\nb', '"a\\r\\nb"'],
    [{ a: [1, null] }, '{"a":[1,null]}'],
    [undefined, 'undefined'],
    [-1.5, '-1.5'],
    [Symbol.iterator, 'Symbol(Symbol.iterator)'],
  ])('shows %o', (value, text) => {
    expect(shown(value)).toBe(text);
  });

  it('cuts what is long', () => {
    expect(shown('x'.repeat(1_000_000))).toBe(`"${'x'.repeat(76)}...`);
    expect(shown('x'.repeat(78))).toBe(`"${'x'.repeat(78)}"`);
    expect(shown('x'.repeat(79))).toBe(`"${'x'.repeat(76)}...`);
  });

  it.each<[string, unknown]>([
    [
      'a ring of objects',
      (() => {
        const ring: { self?: unknown } = {};
        ring.self = ring;
        return ring;
      })(),
    ],
    [
      'a toJSON that throws',
      {
        toJSON() {
          throw new Error('boom');
        },
      },
    ],
    ['a toJSON without a result', { toJSON() {} }],
    ['a toJSON that gives a function', { toJSON: () => () => 1 }],
    ['a number too big for JSON', { port: 80n }],
    [
      'a revoked proxy',
      (() => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      })(),
    ],
    ['an object without a prototype', Object.create(null)],
    [
      'a function of several lines',
      function several() {
        const line = 1;
        return line;
      },
    ],
  ])('shows %s on one short line, and does not throw', (_, value) => {
    const text = shown(value);
    expect(text).toMatch(/^[^\r\n]+$/);
    expect(text.length).toBeLessThanOrEqual(80);
  });
});
