// "When a new server is launched, it registers to the LB using the `addServer` method": with real processes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { FetchHTTPService, Loadbalancer } from '../../src/index.ts';
import { aRequest, RecordingLogger, RecordingWriter } from '../support.ts';

/** What a host makes of a load balancer so that servers can reach its method. */
class Service {
  readonly loadbalancer = new Loadbalancer(new FetchHTTPService(), [], new RecordingLogger());

  /** Idempotent: a server that starts again registers again. */
  addServer(address: string): void {
    if (!this.loadbalancer.balancer.has(address)) this.loadbalancer.balancer.add(address);
  }

  async ask(path: string): Promise<string> {
    const writer = new RecordingWriter();
    await this.loadbalancer.onRequest(aRequest(path), writer);
    return writer.responses[0]?.data ?? String(writer.errors[0]);
  }
}

/** A server that calls `addServer` as soon as it serves. */
const SERVER = `
const server = require('node:http').createServer((_, response) => response.end(process.env.NAME));
server.listen(Number(process.env.PORT), '127.0.0.1', async () => {
  await fetch(process.env.LB + '/addServer?address=127.0.0.1:' + server.address().port, { method: 'POST' });
  console.log(server.address().port);
});`;

const children: ChildProcess[] = [];
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const end of ends.splice(0)) end();
});

it('a launched server registers, gets requests, and registers again when it is restarted', async () => {
  const service = new Service();
  const front = createServer((request, response) => {
    const address = new URL(request.url ?? '', 'http://a').searchParams.get('address') ?? '';
    service.addServer(address);
    response.end();
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  ends.push(() => front.close());
  const LB = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const launch = async (name: string, port = '0') => {
    const env = { ...process.env, NAME: name, PORT: port, LB };
    const child = spawn(process.execPath, ['-e', SERVER], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { child, port: String(line).trim() };
  };
  const answers = async () => {
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => service.ask(`/${i}`)));
    return [...new Set(all)].sort();
  };
  expect(await service.ask('/')).toContain('no backend');
  const { child, port } = await launch('one');
  expect(await answers()).toEqual(['one']);
  await launch('two');
  await launch('three');
  expect(await answers()).toEqual(['one', 'three', 'two']);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await launch('one again', port);
  expect(await answers()).toEqual(['one again', 'three', 'two']);
  service.loadbalancer.close();
});
