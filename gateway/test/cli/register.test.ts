// The command `register`: what it refuses, and how it begins and ends with its server.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../test/servers/server-process.ts';
import { run } from '../../src/cli/run.ts';
import { KeptIo, ran } from './kept-io.ts';

const URL = ['--url', 'http://127.0.0.1:1'];
const WORDS = 'host:port, or an http or https URL without user, query and fragment';

/** An admin listener: notes what comes. @param answer - the status of a call */
async function admin(answer: (call: string, at: number) => number = () => 200) {
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const draining = body.includes('"draining":true') ? ' draining' : '';
    const call = `${request.method}${draining}`;
    // Servers ask whether they are registered.
    if (call === 'GET') {
      response.writeHead(calls.includes('PUT') ? 204 : 200).end();
      return;
    }
    calls.push(call);
    response.writeHead(answer(call, calls.length)).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

/** Runs a server by `register`. @param code - what the server does besides */
async function started(gateway: string, code = '', more: readonly string[] = []) {
  const port = await freePort();
  const io = new KeptIo();
  Object.assign(io.env, { PATH: process.env.PATH });
  const server = `require('node:http').createServer((q, s) => s.end()).listen(${port}, '127.0.0.1'); ${code}`;
  const where = ['--url', `http://127.0.0.1:${port}`, '--gateway', gateway, '--ttl', '1'];
  const ended = run(['register', ...where, ...more, '--', process.execPath, '-e', server], io);
  return { io, ended };
}

describe('evenkeel register refuses', () => {
  it.each<[string, readonly string[], string]>([
    ['no place', URL, 'register needs one of --redis, --etcd and --gateway'],
    [
      'two places',
      [...URL, '--redis', 'redis://a', '--etcd', 'http://a'],
      'register needs one of --redis, --etcd and --gateway, got 2',
    ],
    ['no URL', ['--url', 'non sense', '--redis', 'redis://a'], `--url must be ${WORDS}, got "non sense"`],
    [
      'a port that is none',
      ['--url', 'http://a:70000', '--redis', 'redis://a'],
      `--url must be ${WORDS}, got "http://a:70000"`,
    ],
    [
      'a query',
      ['--url', 'http://a/b?c', '--redis', 'redis://a'],
      `--url must be ${WORDS}, got "http://a/b?c"`,
    ],
    [
      'a URL without a protocol',
      ['--url', 'a:80', '--redis', 'redis://a'],
      '--url must be an http or https URL, got "a:80"',
    ],
    [
      'another store',
      [...URL, '--redis', 'http://a'],
      '--redis must be a redis or rediss URL, got "http://a"',
    ],
    ['no URL of etcd', [...URL, '--etcd', 'http://a,b'], '--etcd must be an http or https URL, got "b"'],
    [
      'no URL of a gateway',
      [...URL, '--gateway', 'here'],
      '--gateway must be an http or https URL, got "here"',
    ],
  ])('%s, before it starts anything', async (_, args, message) => {
    const { code, err } = await ran('register', ...args, '--', process.execPath, '-e', 'process.exit(9)');
    expect({ code, err }).toEqual({ code: 2, err: `evenkeel: ${message}\n` });
  });
});

describe('evenkeel register', () => {
  it('ends like a shell where there is no such command', async () => {
    const { url } = await admin();
    expect(await ran('register', ...URL, '--gateway', url, '--', 'no-such-command')).toEqual({
      code: 127,
      out: '',
      err: 'evenkeel: no-such-command cannot be started: there is no such command\n',
    });
  });

  it.each([
    ['an exit code', 'process.exit(3)', 3],
    ['a signal', 'process.kill(process.pid, "SIGKILL")', 137],
  ])('passes %s of its command on, also before that has served', async (_, code, expected) => {
    const { url, calls } = await admin();
    const { code: got } = await ran('register', ...URL, '--gateway', url, '--', process.execPath, '-e', code);
    expect({ got, calls }).toEqual({ got: expected, calls: [] });
  });

  it('drains the server before that gets the signal', async () => {
    const { url, calls } = await admin();
    const { io, ended } = await started(url, 'process.on("SIGHUP", () => process.exit(5))', [
      '--drain-ms',
      '1',
    ]);
    await expect.poll(() => io.err).toContain(' is registered\n');
    io.process.emit('SIGHUP');
    expect(await ended).toBe(5);
    expect(calls.filter((call, i) => call !== calls[i - 1])).toEqual(['PUT', 'PUT draining', 'DELETE']);
    expect(io.process.listenerCount('SIGTERM')).toBe(0);
  });

  it('ends at once at a second signal, however long the drain is', async () => {
    const { url } = await admin();
    const { io, ended } = await started(url, '', ['--drain-ms', '600000']);
    await expect.poll(() => io.err).toContain(' is registered\n');
    io.process.emit('SIGTERM');
    io.process.emit('SIGTERM');
    expect(await ended).toBe(143);
  });

  it('ends its registration when the server has ended by itself', async () => {
    const { url, calls } = await admin();
    const code = `setInterval(() => fetch('${url}/seen').then((r) => r.status === 204 && process.exit(4)), 20)`;
    const { io, ended } = await started(url, code, ['--drain-ms', '600000']);
    expect(await ended).toBe(4);
    expect(io.err).toContain(' is registered\n');
    expect(calls.at(-1)).toBe('DELETE');
  });

  it('registers again when the place has lost everything, and says both', async () => {
    const { url } = await admin((call, at) => (call === 'PUT' && at >= 2 && at <= 3 ? 503 : 200));
    const { io, ended } = await started(url, '', ['--drain-ms', '1']);
    await expect.poll(() => io.err, { timeout: 10_000 }).toContain('evenkeel: registered again\n');
    expect(io.err).toContain(
      `evenkeel: registration failed: ${url} answered 503: the response is not one of an admin listener\n`,
    );
    io.process.emit('SIGTERM');
    expect(await ended).toBe(143);
  });
});
