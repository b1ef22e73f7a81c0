import { describe, expect, it } from 'vitest';
import { configWarnings } from '../../src/cli/config-warnings.ts';
import { readConfig } from '../../src/config/read-config.ts';
import type { GatewayConfigInput } from '../../src/config/schema.ts';
import type { SharedConfig } from '../../src/workers/shared-config.ts';
import { folder, ran } from './kept-io.ts';

describe('evenkeel check', () => {
  it('prints what it found', async () => {
    const file = folder()(
      'gateway.yaml',
      `
listeners:
  - { host: 127.0.0.1, port: 8080 }
  - { host: '::1', port: 8081, h2c: true }
admin: { port: 9901, token: a-token-of-some-length }
pools:
  shop:
    backends: [http://10.0.0.1:80, { url: 'http://10.0.0.2:80', backup: true }]
    sessions: { cookie: { secrets: [0123456789abcdef0123456789abcdef] } }
  pictures: { backends: [http://10.0.0.3:80], strategy: maglev, health: false }
routes:
  - { host: shop.example, path: /pictures, pool: pictures }
  - { pool: shop, rateLimit: { points: 10, durationMs: 1000 } }
workers: 1
`,
    );
    expect(await ran('check', '-c', file)).toEqual({
      code: 0,
      err: '',
      out: `${file} can be used.

listeners
  http://127.0.0.1:8080  HTTP/1.1
  http://[::1]:8081      HTTP/1.1, HTTP/2
admin
  http://127.0.0.1:9901  token, dashboard
pools
  shop      consistent-hash  2 backends, 1 of them backup  checked at /health if it is there  sessions by cookie
  pictures  maglev           1 backend                     not checked
routes
  shop.example, /pictures  pictures
  any host, /              shop      10 requests in 1000 ms
workers
  1
`,
    });
  });

  it('prints one line for each mistake', async () => {
    const file = folder()(
      'gateway.json',
      JSON.stringify({
        listeners: [{ port: 70_000 }],
        pools: { shop: { backends: ['http://10.0.0.1:80'], stratgy: 'maglev' } },
      }),
    );
    const { code, out, err } = await ran('check', '-c', file);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^evenkeel: listeners\[0\]\.port must be .*got 70000$/),
      expect.stringMatching(/^evenkeel: pools\.shop\.stratgy .*strategy/),
    ]);
  });

  it('tells of syntax with line and column', async () => {
    const file = folder()('gateway.yaml', 'listeners:\n  - port: 1\n pools: {}\n');
    const { code, err } = await ran('check', '-c', file);
    expect(code).toBe(2);
    expect(err).toMatch(/^evenkeel: .*gateway\.yaml:3:1: .*\n$/);
  });

  it('tells of an empty file, and of two', async () => {
    const write = folder();
    const [file, other] = [write('gateway.yaml', '# nothing\n'), write('other.yaml', '')];
    const refused = (line: string) => ({ code: 2, out: '', err: `evenkeel: ${line}\n` });
    expect(await ran('check', file)).toEqual(refused(`${file} must have listeners and pools, got nothing`));
    expect(await ran('check', '-c', file, other)).toEqual(
      refused(`check takes one configuration, got ${file} and ${other}`),
    );
  });

  it('knows that backends come from a source', async () => {
    const file = folder()(
      'gateway.yaml',
      `
listeners: [{ port: 0 }]
pools:
  a: { backends: [], discovery: { remember: a.json, file: a.yaml } }
  b: { backends: [':80'], discovery: { etcd: { url: 'http://10.0.0.5:2379' } } }
  c: { backends: [], dns: { name: _http._tcp.c.internal, type: srv } }
  d: { backends: [], dns: { server: 10.0.0.1 } }
routes: [{ pool: a }, { path: /b, pool: b }, { path: /c, pool: c }, { path: /d, pool: d }]
`,
    );
    const { out } = await ran('check', file);
    expect(out).toMatch(/^ {2}a .* backends from file +checked/m);
    expect(out).toMatch(/^ {2}b .* 1 backend, backends from etcd +checked/m);
    expect(out).toMatch(/^ {2}c .* backends from dns +checked/m);
    expect(out.match(/^warning: .*/gm)).toEqual(['warning: pools.d has no backends: it answers 503']);
  });

  it('prints warnings, and calls it good all the same', async () => {
    const file = folder()('gateway.yaml', 'listeners: [{ port: 0 }]\npools: { shop: { backends: [] } }\n');
    const { code, out } = await ran('check', '-c', file);
    expect(code).toBe(0);
    expect(out).toMatch(/\n\nwarning: pools\.shop has no backends: it answers 503\n$/);
  });
});

describe('a configuration', () => {
  const A = 'http://10.0.0.1:80';
  const warnings = (config: Omit<GatewayConfigInput, 'listeners'>) =>
    configWarnings(readConfig({ listeners: [{ port: 0 }], ...config }) as SharedConfig, 2);

  it('that is well gives no warning', () => {
    expect(warnings({ pools: { shop: { backends: [A] } }, workers: 2 })).toEqual([]);
  });

  it.each<[string, Omit<GatewayConfigInput, 'listeners'>]>([
    [
      'pools.old has no route',
      { pools: { shop: { backends: [A] }, old: { backends: [A] } }, routes: [{ pool: 'shop' }] },
    ],
    ['workers is 3, but this machine has 2 cores', { pools: { shop: { backends: [A] } }, workers: 3 }],
    [
      'pools.shop.tls.verify is false: backends are not verified, so any server can pose as one',
      { pools: { shop: { backends: ['https://10.0.0.1'], tls: { verify: false } } } },
    ],
    [
      'pools.shop has neither health checks nor ejection: a dead backend keeps its share',
      { pools: { shop: { backends: [A], health: false, ejection: false } } },
    ],
    [
      'pools.shop.timeouts.headersMs is 120000, but totalMs ends all attempts after 60000',
      { pools: { shop: { backends: [A], timeouts: { headersMs: 120_000, totalMs: 60_000 } } } },
    ],
    [
      'routes[0].timeouts.headersMs is 2000, but totalMs ends all attempts after 1000',
      {
        pools: { shop: { backends: [A] } },
        routes: [{ pool: 'shop', timeouts: { headersMs: 2_000, totalMs: 1_000 } }],
      },
    ],
  ])('gets the warning that %s', (warning, config) => {
    expect(warnings(config)).toEqual([warning]);
  });
});
