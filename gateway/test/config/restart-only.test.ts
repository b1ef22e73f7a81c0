import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';
import { restartOnlyChanges } from '../../src/config/restart-only.ts';
import type { GatewayConfigInput } from '../../src/config/schema.ts';

const POOLS = { shop: { backends: ['http://a'] } };
const certificates = (name: string) => [{ cert: `${name}.pem`, key: `${name}.key` }];

function changes(old: Partial<GatewayConfigInput>, next: Partial<GatewayConfigInput>): string[] {
  const read = (more: Partial<GatewayConfigInput>) =>
    readConfig({ listeners: [{ port: 80 }], pools: POOLS, ...more });
  return restartOnlyChanges(read(old), read(next));
}

describe('what only a restart can change', () => {
  it.each<[Partial<GatewayConfigInput>, Partial<GatewayConfigInput>, string[]]>([
    [{}, { listeners: [{ port: 81 }] }, ['listeners']],
    [{}, { listeners: [{ port: 80 }, { port: 81 }] }, ['listeners']],
    [{ listeners: [{ port: 80 }, { port: 81 }] }, {}, ['listeners']],
    [{}, { listeners: [{ port: 80, host: '127.0.0.1' }] }, ['listeners']],
    [{}, { listeners: [{ port: 80, h2c: true }] }, ['listeners[0].h2c']],
    [{}, { listeners: [{ port: 80, tls: { certificates: certificates('a') } }] }, ['listeners[0].tls']],
    [
      { listeners: [{ port: 80, tls: { certificates: certificates('a') } }] },
      {
        listeners: [{ port: 80, tls: { certificates: certificates('a'), http2: false } }],
      },
      ['listeners[0].tls.http2'],
    ],
    [{}, { admin: { port: 9_000 } }, ['admin']],
    [{ admin: { port: 9_000 } }, {}, ['admin']],
    [
      { admin: { port: 9_000 } },
      { admin: { port: 9_001, dashboard: false } },
      ['admin.port', 'admin.dashboard'],
    ],
    [{ admin: { port: 9_000 } }, { admin: { port: 9_000, token: { env: 'TOKEN' } } }, ['admin.token']],
    [{}, { log: { format: 'json' } }, ['log.format']],
    [{}, { log: { level: 'debug', access: false } }, ['log.level', 'log.access']],
    [{}, { workers: 2 }, ['workers']],
    [{}, { listeners: [{ port: 81 }], workers: 2 }, ['listeners', 'workers']],
  ])('is told by its path: %j to %j', (old, next, paths) => {
    expect(changes(old, next)).toEqual(paths);
  });
});

describe('what a running gateway takes', () => {
  it('is everything else', () => {
    const old = { listeners: [{ port: 443, tls: { certificates: certificates('a') } }] };
    const next: Partial<GatewayConfigInput> = {
      listeners: [
        {
          port: 443,
          tls: { certificates: [...certificates('b'), ...certificates('a')], minVersion: 'TLSv1.3' },
        },
      ],
      pools: { api: { backends: [], strategy: 'random' } },
      routes: [{ pool: 'api', path: '/api' }],
      limits: { urlBytes: 100 },
      timeouts: { idleMs: 5 },
      trustedProxies: ['::1'],
      name: 'other',
      shutdown: { graceMs: 5 },
    };
    expect(changes(old, next)).toEqual([]);
  });

  it('is another order of listeners', () => {
    const [one, two] = [{ port: 80 }, { port: 81, h2c: true }];
    expect(changes({ listeners: [one, two] }, { listeners: [two, one] })).toEqual([]);
    expect(
      changes({ listeners: [{ port: 0 }, { port: 0 }] }, { listeners: [{ port: 0 }, { port: 0 }] }),
    ).toEqual([]);
  });
});
