import type { Socket } from 'node:net';
import { Duplex, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Engine } from '../../src/engine.ts';
import { IncomingRequest } from '../../src/forwarding/incoming-request.ts';
import { Upgrade } from '../../src/forwarding/upgrade.ts';
import { SILENT } from '../../src/observation/silent-log.ts';
import type { DeclinedBody, UpgradeEvents } from '../../src/upstream/connections.ts';
import { resolved } from '../resolved.ts';
import { FakeClient } from './fakes.ts';

const engines: Engine[] = [];

afterEach(() => {
  for (const engine of engines.splice(0)) engine.destroy();
});

/** A socket that keeps what is written to it. */
class FakeSocket extends Duplex {
  text = '';
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('latin1');
    done();
  }
  setTimeout(): this {
    return this;
  }
  resetAndDestroy(): this {
    return this.destroy();
  }
}

/** An upgrade in a gateway without sockets, and what its backend is asked for. */
function setUp(prepare: (engine: Engine) => void = () => {}) {
  const errors: object[] = [];
  const log = { ...SILENT, error: (fields: object) => void errors.push(fields) };
  const config = resolved({ pools: { pool: { backends: ['http://10.0.0.1'] } } });
  const engine = new Engine(config, log, () => ({ open: 0, accepted: 0, refused: 0 }));
  engines.push(engine);
  prepare(engine);
  const { pool } = engine.context.routes.routes[0]!;
  let events: UpgradeEvents | undefined;
  const { connections } = pool.upstreamOf(pool.balancer.backends[0]!);
  vi.spyOn(connections, 'upgrade').mockImplementation((_request, given) => {
    events = given;
    return () => {};
  });
  const client = new FakeSocket();
  const rawHeaders = ['Host', 'a', 'Connection', 'Upgrade', 'Upgrade', 'chat'];
  const request = new IncomingRequest(new FakeClient({ rawHeaders }));
  new Upgrade(engine.context, request, client as unknown as Socket, Buffer.alloc(0)).start();
  const held = () => [engine.stats().pools[0]!.inFlight, engine.context.tunnels.size];
  return { client, errors, held, backend: () => events as UpgradeEvents };
}

const head = (status: number) => ({ status, statusText: '', headers: [], protocol: 'chat' });
const defect = () => {
  throw new Error('defect');
};
const LOGGED = [{ error: { message: 'defect' } }];

describe('a defect in an upgrade', () => {
  it('is answered with 500 if nothing was written before', async () => {
    const { client, errors, held } = setUp(({ context: { routes } }) => {
      vi.spyOn(routes, 'find').mockImplementation(defect);
    });
    await turn();
    expect(client.text).toMatch(/^HTTP\/1\.1 500 /);
    expect([client.writableEnded, errors, held()]).toMatchObject([true, LOGGED, [0, 0]]);
  });

  it('closes both sides of a tunnel that is open', async () => {
    const { client, errors, held, backend } = setUp();
    const socket = new FakeSocket();
    socket.pipe = defect;
    backend().upgraded(head(101), socket as unknown as Socket, Buffer.alloc(0));
    await turn();
    expect(client.text).toMatch(/^HTTP\/1\.1 101 /);
    expect([client.destroyed, socket.destroyed, errors, held()]).toMatchObject([true, true, LOGGED, [0, 0]]);
  });

  it('breaks off a response that has begun', async () => {
    const { client, errors, held, backend } = setUp();
    const body = Object.assign(new Readable({ read() {} }), { complete: false, pipe: defect, on: defect });
    backend().declined(head(403), body as unknown as DeclinedBody);
    await turn();
    expect(client.text).toMatch(/^HTTP\/1\.1 403 /);
    expect([client.destroyed, errors, held()]).toMatchObject([true, LOGGED, [0, 0]]);
  });
});
