import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Balancer } from '../../../src/index.ts';

/** What a backend was sent. */
interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Whole, once it has come. */
  body: string;
  isComplete: boolean;
}

/** A backend over a real socket that notes what it is sent. */
export interface TestBackend {
  readonly url: string;
  readonly server: http.Server;
  readonly received: Received[];
  /** Connections that are open. */
  readonly sockets: ReadonlySet<net.Socket>;
  close(): Promise<void>;
}

type Handle = (request: http.IncomingMessage, response: http.ServerResponse, received: Received) => void;

const open: TestBackend[] = [];

/** For `afterEach`. */
export async function closeBackends(): Promise<void> {
  await Promise.all(open.splice(0).map((backend) => backend.close()));
}

/** Starts a backend; without `handle` it answers with the body, or the URL where there is none. */
export async function aBackend(handle?: Handle): Promise<TestBackend> {
  const received: Received[] = [];
  const sockets = new Set<net.Socket>();
  const server = http.createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const one: Received = { method, url, headers, body: '', isComplete: false };
    received.push(one);
    response.on('error', () => {});
    request.on('error', () => {});
    request.setEncoding('latin1').on('data', (chunk: string) => {
      one.body += chunk;
    });
    request.on('end', () => {
      one.isComplete = true;
      if (handle === undefined) response.end(one.body === '' ? url : one.body);
    });
    handle?.(request, response, one);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const backend = { url, server, received, sockets, close };
  open.push(backend);
  return backend;
}

/** The address of a backend that is gone. */
export async function refusingUrl(): Promise<string> {
  const backend = await aBackend();
  await backend.close();
  return backend.url;
}

/** Waits until something holds. It has as long as the test has. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Leases held, and how those ended that were given back: the whole pool. */
export function leases(balancer: Pick<Balancer, 'stats'>): {
  held: number;
  begun: number;
  failures: number;
  cancelled: number;
} {
  const { inFlight, backends } = balancer.stats();
  const sum = (count: 'requests' | 'failures' | 'cancelled') =>
    backends.reduce((total, backend) => total + backend[count], 0);
  return { held: inFlight, begun: sum('requests'), failures: sum('failures'), cancelled: sum('cancelled') };
}
