import { describe, expect, it } from 'vitest';
import { type Admission, Gate } from '../../../src/internal.ts';
import { HeaderRules } from '../../src/routing/header-rules.ts';
import { Route, RouteTable } from '../../src/routing/route-table.ts';
import { UpstreamPool } from '../../src/upstream/pool.ts';
import { resolvedPool } from '../resolved.ts';
import { routeFor } from './a-query.ts';

const NONE = new HeaderRules({ set: {}, remove: [] });
const LIMITS = { bodyBytes: 1_000, replayBytes: 1_000 };
const SECRET = 'a secret that has 32 bytes or more';
const BACKENDS = ['http://10.0.0.1'];

function aRoute(place: string, sessions?: object): Route {
  const slash = place.indexOf('/');
  const pool = new UpstreamPool(
    'pool',
    resolvedPool({ backends: BACKENDS, ...(sessions === undefined ? {} : { sessions: sessions as never }) }),
  );
  return new Route({
    host: place.slice(0, slash),
    path: place.slice(slash),
    prefix: place.slice(slash),
    pool,
    gate: new Gate({ sessions: pool.sessions, rateLimit: undefined, failed: () => {} }),
    requestHeaders: NONE,
    responseHeaders: NONE,
    limits: LIMITS,
  });
}

/** Where a request for a host and a path goes, among routes. */
function finder(...places: string[]) {
  const table = new RouteTable(places.map((place) => aRoute(place)));
  return (host: string, path: string) => {
    const route = routeFor(table, host, path);
    return route && route.host + route.path;
  };
}

describe('a request finds its route', () => {
  it('by the most exact host', () => {
    const find = finder('*/', '*.example/', '*.shop.example/', 'shop.example/', 'a.shop.example/');
    expect(find('a.shop.example', '/')).toBe('a.shop.example/');
    expect(find('b.shop.example', '/')).toBe('*.shop.example/');
    expect(find('c.b.shop.example', '/')).toBe('*.shop.example/');
    expect(find('shop.example', '/')).toBe('shop.example/');
    expect(find('other.example', '/')).toBe('*.example/');
    expect(find('example', '/')).toBe('*/');
    expect(find('', '/')).toBe('*/');
    expect(find('shop.example.org', '/')).toBe('*/');
  });

  it('by the longest path, whatever the order in which routes are written', () => {
    for (const places of [
      ['*/', '*/api', '*/api/v2'],
      ['*/api/v2', '*/', '*/api'],
    ]) {
      const find = finder(...places);
      expect(find('a', '/api/v2/x')).toBe('*/api/v2');
      expect(find('a', '/api/v3')).toBe('*/api');
      expect(find('a', '/a')).toBe('*/');
    }
  });

  it('by whole segments, byte by byte', () => {
    const find = finder('*/api', '*/static/');
    for (const path of ['/api', '/api/', '/api/x', '/api//']) expect(find('a', path)).toBe('*/api');
    for (const path of ['/apis', '/api-2', '/API', '/%61pi', '/', '', '/api?x'])
      expect(find('a', path)).toBe(undefined);
    expect(find('a', '/static/x')).toBe('*/static/');
    expect(find('a', '/static')).toBe(undefined);
  });

  it('of a host less exact where that one has none for its path', () => {
    const find = finder('shop.example/api', '*.example/', '*/');
    expect(find('shop.example', '/api/x')).toBe('shop.example/api');
    expect(find('shop.example', '/')).toBe('*.example/');
  });

  it('or none, also where hosts are named like members of an object', () => {
    const find = finder('a.example/');
    for (const host of ['b.example', '__proto__', 'constructor', '*'])
      expect(find(host, '/')).toBe(undefined);
  });
});

describe('what rate limits and sessions add to an answer', () => {
  const admission: Admission = {
    session: undefined,
    headers: [['RateLimit-Limit', '5']],
    refusal: undefined,
  };
  const cookieOf = (headers: string[]) => headers[headers.indexOf('Set-Cookie') + 1];

  it('is nothing where nobody asked for them', () => {
    const parts = {
      host: '*',
      path: '/',
      prefix: '/',
      gate: undefined,
      requestHeaders: NONE,
      responseHeaders: NONE,
    };
    const route = new Route({ ...parts, pool: aRoute('*/').pool, limits: LIMITS });
    expect(route.headersOfAdmission(admission, BACKENDS[0], true)).toEqual([]);
  });

  it('is a cookie that may only travel over TLS where the request did', () => {
    const route = aRoute('*/', { cookie: { secrets: [SECRET] } });
    const headers = route.headersOfAdmission(admission, BACKENDS[0], true);
    expect(headers.slice(0, 3)).toEqual(['RateLimit-Limit', '5', 'Set-Cookie']);
    expect(cookieOf(headers)).toMatch(/; Secure$/);
    expect(cookieOf(route.headersOfAdmission(admission, BACKENDS[0], false))).not.toMatch(/Secure/);
    // An answer of the gateway itself is on no backend.
    expect(route.headersOfAdmission(admission, undefined, true)).toEqual(['RateLimit-Limit', '5']);
  });

  it.each([
    [true, false, 1],
    [false, true, 0],
  ])('is a cookie that is Secure: %s where that is said, over TLS: %s', (secure, isSecure, count) => {
    const route = aRoute('*/', { cookie: { secrets: [SECRET], secure } });
    const cookie = cookieOf(route.headersOfAdmission(admission, BACKENDS[0], isSecure)) as string;
    expect(cookie.match(/; Secure/g)?.length ?? 0).toBe(count);
  });
});
