// Discovery by DNS, with a real server.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DiscoveryWatch, steady } from '../../src/discovery/index.ts';
import { type DnsOptions, dns } from '../../src/discovery/sources/dns.ts';
import { fastEnv } from '../discovery/fast-env.ts';
import { DNSMASQ, DnsServer } from '../servers/dnsmasq.ts';
import { isInstalled } from '../servers/server-process.ts';

const hasDns = isInstalled(DNSMASQ);
const SRV = [
  'srv-host=_http._tcp.shop.test,b1.shop.test,8081,10,60',
  'srv-host=_http._tcp.shop.test,b2.shop.test,8082,10,0',
  'srv-host=_http._tcp.shop.test,b3.shop.test,8083,20,100',
];
/** TTL of 1 s, and all other times, are a twentieth. */
const env = fastEnv(20);

describe(`DNS of a real server${hasDns ? '' : ' (SKIPPED: dnsmasq is not installed)'}`, () => {
  const test = hasDns ? it : it.skip;
  let server: DnsServer;
  const watches: DiscoveryWatch[] = [];

  beforeAll(async () => {
    if (hasDns)
      server = await DnsServer.start(
        {
          'shop.test': ['127.0.0.11', '127.0.0.12'],
          'six.test': ['::1', '127.0.0.1'],
          'big.test': Array.from({ length: 200 }, (_, i) => `10.1.0.${i + 1}`),
          'b1.shop.test': ['127.0.0.11'],
          'b2.shop.test': ['127.0.0.12', '127.0.0.22'],
          'b3.shop.test': ['127.0.0.13'],
        },
        SRV,
      );
  });
  afterEach(() => {
    for (const watch of watches.splice(0)) watch.close();
  });
  afterAll(() => server?.close());

  /** Watches a name. `until` resolves when the ids are these. */
  function watched(options: Omit<DnsOptions, 'env'>) {
    const lines: string[] = [];
    let ids: string[] = [];
    let backends: readonly object[] = [];
    const changed = new Set<() => void>();
    const source = dns({ server: server.address, env, ...options });
    const watch = steady(source, { env, report: (line) => lines.push(line) }).start({
      changed(snapshot) {
        ({ backends } = snapshot);
        ids = snapshot.backends.map(({ id = '' }) => id).sort();
        for (const wake of changed) wake();
      },
    });
    watches.push(watch);
    const until = (...wanted: string[]) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (ids.join() === [...wanted].sort().join()) resolve();
        };
        changed.add(look);
        look();
      });
    return { watch, lines, until, backends: () => backends, ids: () => ids };
  }
  const at = (...hosts: number[]) => hosts.map((host) => `http://127.0.0.${host}:8080`);

  test('each address is a backend; one that comes counts after the TTL, one that goes after two answers', async () => {
    const { until, lines, watch } = watched({ name: 'shop.test', port: 8080 });
    await until(...at(11, 12));
    server.set('shop.test', '127.0.0.11', '127.0.0.12', '127.0.0.13');
    await until(...at(11, 12, 13));
    const { snapshots } = watch.stats();
    server.set('shop.test', '127.0.0.12', '127.0.0.13');
    await until(...at(12, 13));
    expect(watch.stats().snapshots - snapshots).toBeGreaterThanOrEqual(2);
    expect(lines).toEqual([]);
    server.set('shop.test', '127.0.0.14', '127.0.0.15');
    await until(...at(14, 15));
    server.set('shop.test', '127.0.0.11', '127.0.0.12');
    await until(...at(11, 12));
  });

  test('addresses of both families count, or those of one', async () => {
    const both = watched({ name: 'six.test', port: 80, protocol: 'https' });
    await both.until('https://127.0.0.1:80', 'https://[::1]:80');
    await watched({ name: 'six.test', port: 80, type: 'a' }).until('http://127.0.0.1');
    await watched({ name: 'six.test', port: 80, type: 'aaaa' }).until('http://[::1]');
  });

  test('an answer too large for one packet is asked for again over TCP', async () => {
    const { until, ids } = watched({ name: 'big.test', port: 80 });
    await until(...Array.from({ length: 200 }, (_, i) => `http://10.1.0.${i + 1}`));
    expect(ids()).toHaveLength(200);
  });

  test('targets of SRV records have weights, ports and priorities', async () => {
    const { until, backends } = watched({ name: '_http._tcp.shop.test', type: 'srv' });
    await until('http://b1.shop.test:8081', 'http://b2.shop.test:8082', 'http://b3.shop.test:8083');
    expect(backends()).toEqual(
      expect.arrayContaining([
        { id: 'http://b1.shop.test:8081', url: 'http://b1.shop.test:8081', weight: 60, backup: false },
        { id: 'http://b2.shop.test:8082', url: 'http://b2.shop.test:8082', weight: 1, backup: false },
        { id: 'http://b3.shop.test:8083', url: 'http://b3.shop.test:8083', weight: 100, backup: true },
      ]),
    );
  });

  test('addresses go beside the name for shells that connect to them', async () => {
    const name = watched({ name: 'shop.test', port: 8080, keepName: true });
    await name.until(...at(11, 12));
    expect(name.backends()).toContainEqual({
      id: at(11)[0],
      url: 'http://shop.test:8080',
      address: '127.0.0.11',
    });
    const service = watched({ name: '_http._tcp.shop.test', type: 'srv', keepName: true });
    await service.until(
      'http://b1.shop.test:8081',
      'http://127.0.0.12:8082',
      'http://127.0.0.22:8082',
      'http://b3.shop.test:8083',
    );
    expect(service.backends()).toContainEqual({
      id: 'http://127.0.0.22:8082',
      url: 'http://b2.shop.test:8082',
      address: '127.0.0.22',
      weight: 1,
      backup: false,
    });
  });

  test('a server that is away, hangs, or knows the name no more takes nothing away', async () => {
    const { until, ids, watch, lines } = watched({ name: 'shop.test', port: 8080 });
    await until(...at(11, 12));
    server.set('shop.test');
    await expect.poll(() => watch.stats().state, { interval: 5 }).toBe('holding');
    expect(ids()).toEqual(at(11, 12));
    await server.kill();
    await expect.poll(() => watch.stats().state, { interval: 5 }).toBe('failing');
    expect(ids()).toEqual(at(11, 12));
    server.set('shop.test', '127.0.0.11', '127.0.0.12', '127.0.0.13');
    await server.restart(SRV);
    await until(...at(11, 12, 13));
    expect(watch.stats().state).toBe('current');
    expect(lines).toContain('dns shop.test: addresses of shop.test: ECONNREFUSED');
    server.set('shop.test', '127.0.0.11', '127.0.0.12');
    await until(...at(11, 12));
  });

  test('names of the hosts file work without a server', async () => {
    const { until } = watched({ name: 'localhost', type: 'a', port: 80, server: undefined as never });
    await until('http://127.0.0.1');
  });

  it.each<[object, string]>([
    [{}, 'dns.name must be a string with at least one character, got undefined'],
    [{ name: 'a' }, 'dns.port must be an integer from 1 to 65535, got undefined'],
    [{ name: 'a', port: 80, type: 'mx' }, 'dns.type must be one of a, aaaa, srv, got "mx"'],
    [{ name: 'a', port: 80, server: 'ns.test' }, 'dns.server must be an IP address, with or without a port'],
  ])('refuses %j', (options, message) => {
    expect(() => dns(options as never)).toThrow(message);
  });
});
