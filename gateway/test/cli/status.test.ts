import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli/run.ts';
import type { GatewayStats } from '../../src/contracts.ts';
import { aBackend, aGateway, aMixedGateway, aPool } from '../e2e/gateway-figures.ts';
import { KeptIo, ran } from './kept-io.ts';

/** An admin listener that tells these statistics. */
async function admin(stats: () => GatewayStats | undefined) {
  const paths: (string | undefined)[] = [];
  const server = createServer(({ url }, response) => {
    paths.push(url);
    const body = stats();
    if (body === undefined) response.writeHead(503).end('{"message":"no worker replies now"}');
    else response.end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths };
}

describe('evenkeel status', () => {
  it('prints pools, backends, sources and the gateways of the fleet', async () => {
    const { url, paths } = await admin(aMixedGateway);
    const { code, out, err } = await ran('status', '--admin', url);
    expect({ code, err, paths }).toEqual({ code: 0, err: '', paths: ['/stats'] });
    expect(out.replaceAll(/up 2 h \d+ min/g, 'up 2 h 5 min')).toBe(`\
ready, version 0.1.0, up 2 h 5 min, 2 workers, 0 requests, 0 in flight, 214 connections

pool shop: consistent-hash, 4 backends (3 out), fingerprint 5f3a9c1e
  backend  state     weight  in flight  requests  errors  keys
  a        up        1       3          1234567   0       812
  b        down      1       0          0         0       0
  c        draining  2       2          0         0       0
  d        barred    1       0          0         7       0
  source
  redis shop         current, version 17, 2.1 s old, 4 backends, 0 errors
  dns shop.internal  holding, version 17, 2.1 s old, 4 backends (3 held), 0 errors
  kubernetes shop    failing, version 17, 754.0 s old, 4 backends, 31 errors: the API answers with status 403
  etcd shop          starting, version none, no answer yet, 0 backends, 0 errors
  gateway                fingerprint       backends  processes
  edge-1:8080  this one  5f3a9c1e08d2b477  4         4
  edge-2:8080  agrees    5f3a9c1e08d2b477  4         1
  edge-3:8080  DIFFERS   0b71d4e2c95a6f38  3         1
  fleet  3 gateways; the store answers; 30 keys shared; 2 backends checked here, 1 disputed, 1 gateway with other checks; 4211 calls, 2 failed
         edge-3:8080 differs: lacks d; b has weight 2, here weight 1

pool static: consistent-hash, 1 backend, fingerprint 5f3a9c1e
  backend  state  weight  in flight  requests  errors  keys
  e        up     2       0          0         0       0
`);
  });

  it('prints the statistics as one JSON document where it is asked to', async () => {
    const { url } = await admin(aMixedGateway);
    const { out } = await ran('status', '--admin', url, '--json');
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(aMixedGateway())));
  });

  it.each([
    [['--watch', '0'], 'evenkeel: --watch must be an integer from 1 to 86400, got "0"\n'],
    [['--watch', 'often'], 'evenkeel: --watch must be an integer from 1 to 86400, got "often"\n'],
    [['--admin', '10.0.0.4'], 'evenkeel: --admin must be an http or https URL, got "10.0.0.4"\n'],
  ])('takes no %j', async (args, err) => {
    expect(await ran('status', ...args)).toEqual({ code: 2, out: '', err });
  });

  it('prints again and again, also while the gateway is away, until a signal comes', async () => {
    let asked = 0;
    const { url } = await admin(() => {
      asked++;
      if (asked === 2) return undefined;
      return aGateway([aPool(`at-${asked}`, [aBackend('a')])]);
    });
    const waits: number[] = [];
    const io = Object.assign(new KeptIo(), {
      sleep: async (ms: number) => {
        waits.push(ms);
        if (waits.length === 2) io.process.emit('SIGINT');
      },
    });
    expect(await run(['status', '--admin', url, '--watch', '5'], io)).toBe(0);
    expect(io.out).toMatch(/^ready.*pool at-1.*\n\n.*answered 503: no worker replies now\n\n/s);
    expect(waits).toEqual([5_000, 5_000]);
    expect(io.process.listenerCount('SIGINT')).toBe(0);
  });
});
