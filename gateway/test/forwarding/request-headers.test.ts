import { describe, expect, it } from 'vitest';
import { headerRecord, requestHeaders } from '../../src/forwarding/request-headers.ts';
import { ClientConnection } from '../../src/message/client-connection.ts';
import { originOf } from '../../src/message/forwarded-headers.ts';
import { RequestHead } from '../../src/message/request-head.ts';
import { trustedProxies } from '../../src/message/trusted-proxies.ts';
import { HeaderRules } from '../../src/routing/header-rules.ts';
import { Route } from '../../src/routing/route-table.ts';
import { UpstreamPool } from '../../src/upstream/pool.ts';
import { resolvedPool } from '../resolved.ts';

const NONE = new HeaderRules({ set: {}, remove: [] });
const LIMITS = { bodyBytes: 1_000, replayBytes: 1_000 };
const IDENTITY = { name: 'gw', trustedProxies: trustedProxies([]) };
const SECRET = 'a secret that has 32 bytes or more';

function passedOn(rawHeaders: string[], rules = NONE, sessions?: object): string[] {
  const pool = new UpstreamPool(
    'pool',
    resolvedPool({
      backends: ['http://10.0.0.1'],
      ...(sessions === undefined ? {} : { sessions: sessions as never }),
    }),
  );
  const parts = {
    host: '*',
    path: '/',
    prefix: '/',
    pool,
    gate: undefined,
    responseHeaders: NONE,
    limits: LIMITS,
  };
  const route = new Route({ ...parts, requestHeaders: rules });
  const head = new RequestHead();
  const source = {
    version: '1.1',
    method: 'GET',
    target: '/',
    rawHeaders: ['Host', 'a', ...rawHeaders],
  } as const;
  head.read(source, { headers: 50, urlBytes: 100 });
  const connection = new ClientConnection('192.0.2.1', false, IDENTITY.trustedProxies);
  return requestHeaders(head, { version: '1.1', connection }, route, {
    identity: IDENTITY,
    origin: originOf(head, connection, IDENTITY),
    requestId: 'id-1',
  });
}

describe('the headers that a backend gets', () => {
  it("are the client's, then the gateway's own, each once", () => {
    const headers = passedOn(['Accept', '*/*', 'X-Request-Id', 'forged', 'Via', '1.0 other']);
    const names = headers.filter((_, index) => index % 2 === 0);
    expect(names).toEqual([
      'Accept',
      'Host',
      'Via',
      ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'Forwarded', 'X-Request-Id'],
    ]);
    expect(headers.at(-1)).toBe('id-1');
  });

  it("are what the route's rules make of them, last of all", () => {
    const rules = new HeaderRules({
      set: { 'x-forwarded-for': 'hidden', 'X-New': '1' },
      remove: ['via', 'accept'],
    });
    const headers = passedOn(['Accept', '*/*'], rules);
    expect(headers.join('|')).not.toMatch(/accept|via|192\.0\.2\.1\|/i);
    expect(headers.slice(-4)).toEqual(['x-forwarded-for', 'hidden', 'X-New', '1']);
  });

  it.each([
    ['evenkeel=abc', undefined],
    ['a=1; evenkeel=abc', 'a=1'],
    ['evenkeel=abc; b=2', 'b=2'],
    ['a=1;evenkeel=abc;evenkeel=def; b=2', 'a=1; b=2'],
    ['a=evenkeel; evenkeel2=x; not-evenkeel=y', 'a=evenkeel; evenkeel2=x; not-evenkeel=y'],
    ['evenkeel', undefined],
    ['  evenkeel =abc ; c', 'c'],
    ['', ''],
  ])('have of the cookies %j those that are not of the gateway', (cookie, left) => {
    const headers = passedOn(['X-A', '1', 'cOOkie', cookie], NONE, { cookie: { secrets: [SECRET] } });
    const at = headers.indexOf('cOOkie');
    expect(at < 0 ? undefined : headers[at + 1]).toBe(left);
    expect(headers.slice(0, 2)).toEqual(['X-A', '1']);
  });

  it('have all cookies where there are no sessions by cookie', () => {
    expect(passedOn(['Cookie', 'evenkeel=abc']).slice(0, 2)).toEqual(['Cookie', 'evenkeel=abc']);
  });
});

describe('headers by name', () => {
  it('have all values, in lower case, and nothing of Object.prototype', () => {
    const record = headerRecord(['A', '1', '__proto__', 'x', 'a', '2', 'constructor', 'y', 'A', '3']);
    expect(Object.entries(record)).toEqual([
      ['a', ['1', '2', '3']],
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(record.toString).toBeUndefined();
  });
});
