import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { expect } from 'vitest';
import type { GatewayConfigInput } from '../../../src/config/schema.ts';
import type { AccessRecord, Gateway, GatewayLog } from '../../../src/contracts.ts';
import { createGateway } from '../../../src/gateway.ts';
import { Client } from '../../conformance/wire/client.ts';
import { until as within } from '../../conformance/wire/poll.ts';
import { type Script, Upstream } from '../../conformance/wire/upstream.ts';

export type PoolInput = GatewayConfigInput['pools'][string];
type ListenerInput = GatewayConfigInput['listeners'][number];

/**
 * Everything of a configuration but its pools, of which there is one, and its listeners, of which there is
 * one on a free port.
 */
export interface Settings extends Partial<Omit<GatewayConfigInput, 'pools' | 'listeners'>> {
  readonly listener?: Partial<ListenerInput>;
}

/** A log that keeps its access records. */
export class AccessLog implements GatewayLog {
  readonly records: AccessRecord[] = [];
  readonly errors: unknown[] = [];
  debug(): void {}
  info(): void {}
  warn(): void {}

  error(fields: object): void {
    this.errors.push(fields);
  }

  access(record: AccessRecord): void {
    this.records.push(record);
  }
}

const ends: (() => unknown)[] = [];

/** For `afterEach`: ends what was begun, the last thing first. */
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}

/** Leaves something to do for {@link endAll}. */
export function atTheEnd(end: () => unknown): void {
  ends.push(end);
}

/** Waits until something holds; fails with what is the case instead. */
export async function until(holds: () => boolean, instead: () => unknown = () => 'not yet'): Promise<void> {
  if (!(await within(holds, 10_000))) expect(instead()).toBe('what was waited for');
}

/** The configuration of a gateway with one pool, as `createGateway` and `reload` take it. */
export function configOf(pool: PoolInput, { listener, ...rest }: Settings = {}): GatewayConfigInput {
  return {
    listeners: [{ host: '127.0.0.1', port: 0, ...listener }],
    pools: { shop: { health: false, ...pool } },
    ...rest,
  };
}

/** A gateway with one pool, that listens. */
export async function aGateway(pool: PoolInput | readonly string[], settings: Settings = {}) {
  const log = new AccessLog();
  const input: PoolInput = 'backends' in pool ? pool : { backends: [...pool] };
  const gateway = createGateway(configOf(input, settings), { log });
  ends.push(() => gateway.close(0));
  const [address] = await gateway.listen();
  const port = address?.port as number;
  return {
    gateway,
    port,
    log,
    reload: (next: PoolInput, other: Settings = settings) => gateway.reload(configOf(next, other)),
    /** A client that writes raw bytes to it. */
    client: (tls?: ConnectionOptions) => aClient(port, tls),
    backends: () => gateway.stats().pools[0]?.backends ?? [],
  };
}

/** How many of what must be given back are held. */
export function held(gateway: Gateway) {
  const { requests, tunnels, pools } = gateway.stats();
  const active = pools.flatMap(({ backends }) => backends.map(({ activeConnections }) => activeConnections));
  return {
    requests: requests.inFlight,
    tunnels: tunnels.open,
    leases: pools.reduce((sum, { inFlight }) => sum + inFlight, 0),
    active: active.reduce((sum, count) => sum + count, 0),
  };
}

export const NOTHING = { requests: 0, tunnels: 0, leases: 0, active: 0 };

/** Waits until nothing is held. */
export async function untilIdle(gateway: Gateway): Promise<void> {
  const isIdle = () => Object.values(held(gateway)).every((count) => count === 0);
  await until(isIdle, () => held(gateway));
}

export async function aClient(port: number, tls?: ConnectionOptions): Promise<Client> {
  const client = await Client.connect(port, tls);
  ends.push(() => client.socket.destroy());
  return client;
}

/** A client over HTTP/2, without TLS. */
export async function anH2Session(port: number): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  atTheEnd(() => session.destroy());
  await once(session, 'connect');
  return session;
}

/**
 * A backend that records raw bytes and does what its script says; without one, it answers with what was asked
 * for.
 */
export async function anUpstream(script?: Script): Promise<Upstream> {
  const upstream = await Upstream.start(script);
  ends.push(() => upstream.stop());
  return upstream;
}

/** An address at which nobody listens. */
export async function refusingUrl(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
