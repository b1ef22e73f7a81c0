import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../test/servers/server-process.ts';
import { configFile, eventually, GatewayCommand, origin } from './gateway-command.ts';
import { Load } from './load.ts';

const PORT = ['--host', '127.0.0.1', '--port', '0'];

const answers = (text: string) => origin((_request, response) => void response.end(text));
const fetched = async (url: string) =>
  (await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(20_000) })).text();

/** A command that runs to its end. */
async function ran(...args: string[]) {
  const command = new GatewayCommand(args);
  const { code } = await command.ended;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

/** A port that somebody else has. */
async function busyPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('evenkeel, in a process of its own', () => {
  it('serves from options alone, logs in JSON, and ends with 0 at SIGTERM', async () => {
    const backend = await answers('well');
    const command = new GatewayCommand(['serve', ...PORT, '--backend', backend]);
    const url = await command.listening();
    expect(await fetched(`${url}/cart?token=geheim`)).toBe('well');
    const line = await command.line(/^request$/);
    expect(line).toMatchObject({ level: 'info', method: 'GET', path: '/cart', status: 200, backend });
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(command.stderr).toBe('');
    for (const text of ['geheim', '\x1b']) expect(command.stdout).not.toContain(text);
    const isOld = Number.parseInt(process.versions.node, 10) < 22;
    expect(command.lines.filter(({ msg }) => /past its end of life/.test(msg))).toHaveLength(isOld ? 1 : 0);
  });

  it.each([1, 2])('serves at a socket that it was handed over, with %i workers', async (workers) => {
    const socket = createServer().listen(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address() as AddressInfo;
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
    const args = ['serve', '--host', 'fd:3', '--workers', `${workers}`, '--backend', await answers('well')];
    const command = new GatewayCommand(args, { socket: fd });
    // From here on the socket is the command's alone.
    socket.close();
    expect(await command.listening()).toBe(`http://127.0.0.1:${port}`);
    expect(await fetched(`http://127.0.0.1:${port}/`)).toBe('well');
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
  });

  it('says so where no socket was handed over', async () => {
    const { code, stderr } = await ran('serve', '--host', 'fd:1000', '--backend', 'http://127.0.0.1:9');
    expect([code, stderr]).toEqual([
      2,
      'evenkeel: cannot listen on fd:1000: no socket that listens was handed over there (EINVAL)\n',
    ]);
  });

  it('ends with 0 where all is well, and tells on standard output', async () => {
    expect(await ran('--version')).toEqual({ code: 0, stdout: '0.2.0\n', stderr: '' });
    const { path, write } = configFile();
    write({ listeners: [{ port: 0 }], pools: { shop: { backends: [] } } });
    expect(await ran('check', '-c', path)).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends with 2 and one line on standard error where something is wrong', async () => {
    const port = await busyPort();
    const { path, write } = configFile();
    write({ listeners: [{ port: 70_000 }], pools: { shop: { backends: [] } } });
    const wrong: [string[], RegExp][] = [
      [['serve'], /needs a configuration/],
      [['serve', '-c', path], /listeners\[0\]\.port must be .*70000/],
      [['check', '-c', path], /listeners\[0\]\.port must be .*70000/],
      [
        ['serve', '--host', '127.0.0.1', '--port', `${port}`, '--backend', 'http://127.0.0.1:9'],
        new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`),
      ],
      [['serve', ...PORT, '--backend', 'http://127.0.0.1:9', '--admin-port', `${port}`], /EADDRINUSE/],
    ];
    const outcomes = await Promise.all(wrong.map(([args]) => ran(...args)));
    for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^evenkeel: [^\n]+\n$/);
      expect(stderr).toMatch(wrong[i]?.[1] as RegExp);
    }
  });

  it('keeps a server registered that runs already, until a signal comes', async () => {
    const calls: string[] = [];
    const place = await origin((request, response) => {
      calls.push(request.method as string);
      request.resume().on('end', () => response.end('{}'));
    });
    const where = ['--url', place, '--gateway', place, '--ttl', '1', '--drain-ms', '1'];
    const command = new GatewayCommand(['register', ...where]);
    // Beats come three times in a TTL.
    await eventually(() => calls.length >= 3 || command.child.exitCode !== null, 'three beats');
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(command.stderr).toBe(`evenkeel: ${place} is registered\n`);
    expect(calls.at(-1)).toBe('DELETE');
  });

  it('does not mind a reader that leaves early', async () => {
    const command = new GatewayCommand(['schema'], { reads: false });
    command.child.stdout?.destroy();
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(command.stderr).toBe('');
  });

  it('ends when its reader has everything', async () => {
    const { path, write } = configFile();
    const backends = Array.from({ length: 5_000 }, (_, i) => `http://10.1.${i >> 8}.${i & 255}:8080`);
    write({ listeners: [{ port: 0 }], pools: { shop: { backends, strategy: 'round-robin' } } });
    const { code, stdout } = await ran('explain', '-c', path, '--path', '/', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).explanation.candidates).toHaveLength(5_000);
  });

  it.skipIf(!existsSync('/dev/full'))('ends with 1 where what it says is lost', async () => {
    const full = openSync('/dev/full', 'w');
    const command = new GatewayCommand(['schema'], { stdout: full });
    expect(await command.ended).toEqual({ code: 1, signal: null });
    closeSync(full);
    expect(command.stderr).toMatch(/^evenkeel: standard output cannot be written: ENOSPC[^\n]*\n$/);
  });

  it('answers every request that it has taken when it is stopped under load', async () => {
    let served = 0;
    const backend = await origin((request, response) => {
      // Others ask for its health.
      if (request.url === '/') served++;
      setTimeout(() => response.end('well'), 20);
    });
    const command = new GatewayCommand(['serve', ...PORT, '--backend', backend, '--no-access-log']);
    const load = new Load(await command.listening(), 16);
    await eventually(() => load.result.answered > 200, 'load');
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    await eventually(() => load.result.turnedAway > 16, 'a refused connection');
    const { answered, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(answered).toBe(served);
  });

  it('waits for requests under way, and ends them at a second signal', async () => {
    const backend = await origin(() => {});
    const command = new GatewayCommand(['serve', ...PORT, '--backend', backend]);
    const request = get(await command.listening());
    const failed = once(request, 'error');
    await eventually(async () => request.socket?.bytesWritten !== 0, 'a request');
    await new Promise((resolve) => setTimeout(resolve, 200));
    command.signal('SIGTERM');
    await command.line(/^the gateway stops/);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(command.child.exitCode).toBeNull();
    command.signal('SIGTERM');
    const since = performance.now();
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - since).toBeLessThan(10_000);
    await failed;
  });

  it('reads its file again at SIGHUP and when it changes, and refuses a bad one', async () => {
    const [a, b] = [await answers('a'), await answers('b')];
    const { path, write } = configFile();
    const config = (backend: string, extras: object = {}) => ({
      listeners: [{ host: '127.0.0.1', port: 0 }],
      pools: { shop: { backends: [backend], health: false } },
      ...extras,
    });
    write(config(a));
    const command = new GatewayCommand(['serve', '-c', path]);
    const url = await command.listening();
    expect(await fetched(url)).toBe('a');

    write(config(b));
    command.signal('SIGHUP');
    await command.line(/^the configuration has changed: .*was added/);
    expect(await fetched(url)).toBe('b');

    write(config(a, { limts: {} }));
    command.signal('SIGHUP');
    const refused = await command.line(/^the configuration was refused/);
    expect(refused).toMatchObject({ level: 'error', msg: expect.stringContaining('limts') });
    expect(await fetched(url)).toBe('b');

    const from = command.lines.length;
    write(config(a));
    await command.line(/^the configuration has changed/, from);
    expect(await fetched(url)).toBe('a');
    command.signal('SIGINT');
    expect(await command.ended).toEqual({ code: 0, signal: null });
  });

  it('serves on after an error that nobody has caught', async () => {
    const backend = await answers('well');
    const command = new GatewayCommand(['serve', ...PORT, '--backend', backend], { canFail: true });
    const url = await command.listening();
    command.signal('SIGUSR2');
    const line = await command.line(/^uncaught error/);
    expect(line).toMatchObject({ level: 'error', count: 1, error: { message: 'a fault on demand' } });
    expect(await fetched(url)).toBe('well');
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
  });
});

describe('a log that cannot be written', () => {
  /** The address cannot be read from the log: it is told here. */
  async function serving(backend: string, options: ConstructorParameters<typeof GatewayCommand>[1]) {
    const port = await freePort();
    const args = ['serve', '--host', '127.0.0.1', '--port', `${port}`, '--backend', backend];
    const command = new GatewayCommand(args, options);
    const url = `http://127.0.0.1:${port}`;
    await eventually(
      () =>
        fetched(url).then(
          (text) => text === 'well',
          () => false,
        ),
      'an answer',
    );
    return { command, url };
  }

  it('since its reader is gone stops no traffic, and is told once', async () => {
    const { command, url } = await serving(await answers('well'), {});
    command.child.stdout?.destroy();
    for (let i = 0; i < 50; i++) expect(await fetched(url)).toBe('well');
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(command.stderr).toMatch(/^evenkeel: the reader of the log is gone[^\n]*EPIPE[^\n]*\n$/);
  });

  it('since its reader sleeps stops neither traffic nor the end', async () => {
    const { command, url } = await serving(await answers('well'), { reads: false });
    const load = new Load(`${url}/${'x'.repeat(1_500)}`, 8);
    // Far more than a pipe holds.
    await eventually(() => load.result.answered > 400, 'load');
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    command.signal('SIGTERM');
    // Its output is not closed before it is read.
    const [code] = await once(command.child, 'exit');
    expect(code).toBe(0);
  });

  it.skipIf(process.platform !== 'linux')('since the disk is full stops neither', async () => {
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const { command, url } = await serving(await answers('well'), { stdout: full });
    for (let i = 0; i < 50; i++) expect(await fetched(url)).toBe('well');
    command.signal('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
  });
});
