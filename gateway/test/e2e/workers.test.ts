import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GatewayStats } from '../../src/contracts.ts';
import { aCertificate } from '../config/certificates.ts';
import { configFile, eventually, folder, GatewayCommand, origin } from './gateway-command.ts';
import { Load } from './load.ts';

const fetched = async (url: string) =>
  (await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(20_000) })).text();

const answers = (text: string) => origin((_request, response) => void response.end(text));

/** Whom a listener's certificate is for. */
async function certificateAt(port: string): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return [subject.CN].flat()[0];
}

/** A gateway of two workers with an admin listener. */
async function serving(backends: readonly string[], canFail = false, more: object = {}) {
  const { path, write } = configFile();
  const config = (own: readonly string[]) => ({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    admin: { port: 0 },
    pools: { shop: { backends: own, strategy: 'round-robin', health: false } },
    workers: 2,
    ...more,
  });
  write(config(backends));
  const command = new GatewayCommand(['serve', '-c', path, '--no-access-log'], { canFail });
  const [url, admin] = [await command.listening(), await command.admin()];
  const stats = async (): Promise<GatewayStats> => (await fetch(`${admin}/stats`)).json();
  /** The processes that have served, oldest first. */
  const workers = () => command.lines.filter(({ event }) => event === 'started').map(({ pid }) => pid);
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  await eventually(() => workers().length === 2, 'the word of both workers');
  return { command, url, admin, stats, workers, isAlive, write: (own: string[]) => write(config(own)) };
}

describe('a gateway of two workers', () => {
  it('adds them up, keeps serving when one is killed, gets another one, and ends with 0', async () => {
    const backend = await answers('well');
    const { command, url, stats, workers, isAlive } = await serving([backend]);
    for (let i = 0; i < 20; i++) expect(await fetched(url)).toBe('well');
    expect(await stats()).toMatchObject({ workers: 2, ready: true, requests: { total: 20 } });
    const [first, second] = workers() as [number, number];
    process.kill(first, 'SIGKILL');
    await command.line(/^worker \d \(process \d+\) ended with SIGKILL$/);
    for (let i = 0; i < 20; i++) expect(await fetched(url)).toBe('well');
    await command.line(/^worker \d \(process \d+\) serves$/);
    await eventually(() => workers().length === 3, 'its own word');
    for (let i = 0; i < 20; i++) expect(await fetched(url)).toBe('well');
    const after = await stats();
    expect(after).toMatchObject({ workers: 2, ready: true, requests: { total: 60 } });
    expect(after.events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['worker-ended', 'worker-started']),
    );
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect([second, workers()[2] as number].filter(isAlive)).toEqual([]);
    expect(command.stderr).toBe('');
  });

  it('counts the rates of clients for both together', async () => {
    const rateLimit = { points: 7, durationMs: 600_000 };
    const { url, stats } = await serving([await answers('well')], false, {
      routes: [{ pool: 'shop', rateLimit }],
    });
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++)
      statuses.push((await fetch(url, { headers: { connection: 'close' } })).status);
    expect(statuses).toEqual([...Array(7).fill(200), ...Array(5).fill(429)]);
    expect(await stats()).toMatchObject({ requests: { total: 12, rateLimited: 5 } });
  });

  it('loses only what the killed one had in hand', async () => {
    const backend = await origin((_request, response) => setTimeout(() => response.end('well'), 10));
    const { command, url, workers } = await serving([backend]);
    const load = new Load(url, 16);
    await eventually(() => load.result.answered > 100, 'load');
    process.kill(workers()[0] as number, 'SIGKILL');
    await command.line(/^worker \d \(process \d+\) serves$/);
    const { failures, turnedAway } = await load.stop();
    expect(failures).toEqual([]);
    // At most one request of each client.
    expect(turnedAway).toBeLessThanOrEqual(16);
  });

  it('leaves no client waiting for one that was killed', async () => {
    const backend = await answers('well');
    const { command, url, workers } = await serving([backend]);
    const load = new Load(url, 32, { keepAlive: false });
    for (let kills = 1; kills <= 4; kills++) {
      const before = load.result.answered;
      await eventually(() => load.result.answered > before + 200, 'load');
      process.kill(workers().at(-1) as number, 'SIGKILL');
      const hasNext = () => command.lines.filter(({ event }) => event === 'worker-started').length === kills;
      await eventually(hasNext, 'another worker');
    }
    expect((await load.stop()).failures).toEqual([]);
  });

  it('answers every request that it has taken when it is stopped under load', async () => {
    let served = 0;
    const backend = await origin((_request, response) => {
      served++;
      setTimeout(() => response.end('well'), 20);
    });
    const { command, url } = await serving([backend]);
    const load = new Load(url, 16);
    await eventually(() => load.result.answered > 200, 'load');
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    const { answered, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(answered).toBe(served);
  });

  it('takes another configuration, and changes at run time, in every worker', async () => {
    const [a, b, c] = [await answers('a'), await answers('b'), await answers('c')];
    const { command, url, admin, write, workers } = await serving([a, b]);
    const seen = async () => {
      const texts = new Set<string>();
      for (let i = 0; i < 16; i++) texts.add(await fetched(url));
      return [...texts].sort().join('');
    };
    expect(await seen()).toBe('ab');
    write([a, b, c]);
    command.signal('SIGHUP');
    await command.line(/^the configuration has changed/);
    expect(await seen()).toBe('abc');
    const drained = await fetch(`${admin}/drain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-evenkeel-admin': '1' },
      body: JSON.stringify({ pool: 'shop', id: b }),
    });
    expect(drained.ok).toBe(true);
    expect(await seen()).toBe('ac');
    // Those that come later know of both.
    for (const pid of workers()) process.kill(pid, 'SIGKILL');
    await eventually(
      () => command.lines.filter(({ event }) => event === 'worker-started').length === 2,
      'others',
    );
    expect(await seen()).toBe('ac');
  });

  it('serves another certificate when its file has changed', async () => {
    const write = folder();
    const writeBoth = async (commonName: string) => {
      const { cert, key } = await aCertificate({ commonName });
      return [write('site.key', key), write('site.pem', cert)];
    };
    const [key = '', cert = ''] = await writeBoth('first');
    const tls = ['--tls-cert', cert, '--tls-key', key];
    const backend = await answers('well');
    const args = ['--host', '127.0.0.1', '--port', '0', '--backend', backend, '--workers', '2'];
    const command = new GatewayCommand(['serve', ...args, ...tls]);
    const { port } = new URL(await command.listening());
    expect([await certificateAt(port), await certificateAt(port)]).toEqual(['first', 'first']);
    await writeBoth('second');
    await command.line(/^the configuration has changed: .*cert was changed/);
    expect([await certificateAt(port), await certificateAt(port)]).toEqual(['second', 'second']);
    write('site.pem', 'no certificate');
    command.signal('SIGHUP');
    await command.line(/^the configuration was refused, .*: --tls-cert must be PEM text/);
    expect(await certificateAt(port)).toBe('second');
  });

  it('replaces a worker with a fault, and serves all the while', async () => {
    const backend = await answers('well');
    const { command, url, workers, isAlive } = await serving([backend], true);
    const load = new Load(url, 4);
    const [first] = workers() as [number];
    process.kill(first, 'SIGUSR2');
    expect(await command.line(/will be replaced: a fault on demand$/)).toBeDefined();
    await command.line(/^worker \d \(process \d+\) serves$/);
    await eventually(() => !isAlive(first), 'the end of the first one');
    const { failures, turnedAway } = await load.stop();
    expect(failures).toEqual([]);
    // Connections that were idle just when it went.
    expect(turnedAway).toBeLessThanOrEqual(4);
  });

  it('starts nothing where a port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const args = ['--host', '127.0.0.1', '--port', `${port}`, '--backend', 'http://127.0.0.1:9'];
    const command = new GatewayCommand(['serve', ...args, '--workers', '2']);
    expect(await command.ended).toEqual({ code: 2, signal: null });
    expect(command.stderr).toMatch(/^evenkeel: cannot listen on 127\.0\.0\.1:\d+: [^\n]*EADDRINUSE[^\n]*\n$/);
    expect(command.stdout).toBe('');
  });
});
