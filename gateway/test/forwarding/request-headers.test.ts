import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/forwarding/context.ts';
import { IncomingRequest } from '../../src/forwarding/incoming-request.ts';
import { headerRecord, requestHeaders } from '../../src/forwarding/request-headers.ts';
import { fieldsIn } from '../../src/http1/field-text.ts';
import { RequestParser } from '../../src/http1/parse-request.ts';
import { ClientConnection } from '../../src/message/client-connection.ts';
import { originOf } from '../../src/message/forwarded-headers.ts';
import { RequestHead } from '../../src/message/request-head.ts';
import { trustedProxies } from '../../src/message/trusted-proxies.ts';
import { HeaderRules } from '../../src/routing/header-rules.ts';
import { Route } from '../../src/routing/route-table.ts';
import { UpstreamPool } from '../../src/upstream/pool.ts';
import { framed } from '../../src/upstream/request-message.ts';
import { resolvedPool } from '../resolved.ts';

const NONE = new HeaderRules({ set: {}, remove: [] });
const LIMITS = { bodyBytes: 1_000, replayBytes: 1_000 };
const IDENTITY = { name: 'gw', trustedProxies: trustedProxies([]) };
const TRUSTING = { name: 'gw', trustedProxies: trustedProxies(['10.0.0.0/8']) };
const SECRET = 'a secret that has 32 bytes or more';

function routeWith(rules = NONE, sessions?: object): Route {
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
  return new Route({ ...parts, requestHeaders: rules });
}

function passedOn(rawHeaders: string[], rules = NONE, sessions?: object): readonly string[] {
  const route = routeWith(rules, sessions);
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
  }).headers;
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

/** The fields of the head for the backend of a request that is read from its parser, or from a list. */
function framedFields(
  bytes: Buffer,
  route: Route,
  connection: ClientConnection,
  isParsed: boolean,
): string[] | string {
  const parser = new RequestParser({ fields: 50, fieldBytes: 8_192, targetBytes: 100 });
  parser.read(bytes, 0, bytes.length);
  const request = new IncomingRequest({
    connection,
    version: '1.1',
    method: parser.method,
    target: parser.target,
    rawHeaders: parser.rawHeaders(),
    parsed: isParsed ? parser : undefined,
  });
  const context = {
    identity: TRUSTING,
    limits: { headers: 50, urlBytes: 100 },
    ids: { idFor: (own: string | undefined) => own ?? 'new' },
    routes: { find: () => route },
    paths: {},
  } as unknown as Context;
  const refusal = request.read(context);
  if (refusal !== undefined) return refusal.code;
  const { head } = framed('GET', '/', request.headersFor(route, context), {
    hasBody: false,
    authority: 'backend',
  });
  const fields = fieldsIn(head.slice(head.indexOf('\r\n') + 2, -2));
  expect(fields[0]?.toLowerCase()).toBe('host');
  const lines = fields.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${fields[index + 1]}`] : []));
  return lines.sort();
}

it('heads that are read from their parser are those that are read as lists', () => {
  const names = [
    ...['Accept', 'accept', 'Cookie', 'X-A', 'X-B', 'User-Agent', 'Content-Type', 'Authorization', 'Date'],
    ...['Via', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-User', 'X-Real-Ip'],
    ...['X-Request-Id', 'TE', 'Keep-Alive', 'X_Forwarded_For', 'x_forwarded_user', 'Max-Forwards', 'Expect'],
  ];
  const values = [
    '',
    'a',
    '10.1.1.1, 192.0.2.7',
    'for=10.1.1.1;proto=https',
    'sid=1; b=2',
    '\xe9 x',
    '100-continue',
  ];
  const field = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constantFrom(...names), fc.constantFrom(...values)) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constant('Connection'), fc.constantFrom('close', 'X-A', 'Keep-Alive, x-b')),
    },
  );
  const gap = fc.constantFrom(': ', ':', ':\t ', ':   ');
  const end = fc.constantFrom('\r\n', ' \r\n');
  const setNames = fc.subarray(['X-A', 'Via', 'X-New', 'host']);
  const removed = fc.subarray(['accept', 'Authorization', 'Forwarded']);
  let texts = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(field, gap, end), { maxLength: 8 }),
      setNames,
      removed,
      fc.boolean(),
      fc.constantFrom('10.0.0.1', '192.0.2.1'),
      fc.constantFrom('a.test', 'b.test'),
      (fields, set, remove, hasSessions, peer, before) => {
        const rules = new HeaderRules({
          set: Object.fromEntries(set.map((name) => [name, 'ours'])),
          remove: remove,
        });
        const sessions = hasSessions ? { cookie: { name: 'sid', secrets: [SECRET] } } : undefined;
        const route = routeWith(rules, sessions);
        const lines = fields.map(([[name, value], space, lineEnd]) => `${name}${space}${value}${lineEnd}`);
        const bytes = Buffer.from(`GET /p HTTP/1.1\r\nHost: a.test\r\n${lines.join('')}\r\n`, 'latin1');
        const connection = new ClientConnection(peer, false, TRUSTING.trustedProxies);
        // What was told of the request before it must not be told of the next one.
        framedFields(Buffer.from(`GET / HTTP/1.1\r\nHost: ${before}\r\n\r\n`), route, connection, true);
        const asText = framedFields(bytes, route, connection, true);
        if (Array.isArray(asText)) texts++;
        expect(asText).toEqual(framedFields(bytes, route, connection, false));
      },
    ),
    { numRuns: 300 },
  );
  expect(texts).toBeGreaterThan(100);
});
