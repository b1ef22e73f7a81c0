// Many tunnels, with both ends.

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { breakOff } from '../../gateway/src/http1/break-off.ts';
import { handshake, SWITCH } from '../../gateway/test/conformance/cases/websocket-handshake.ts';
import { until } from '../../gateway/test/conformance/wire/poll.ts';
import { rawConnections } from './raw-connection.ts';

/** The ways in which a side closes a tunnel. */
const LEAVE: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.end(),
  (socket) => socket.destroy(),
  breakOff,
];

/** The backends' ends of tunnels, by the number that is first sent through each. They echo all bytes. */
export class FarEnds {
  readonly sockets = new Map<number, Socket>();

  /** Takes a socket from the `upgrade` event of a server. */
  readonly accept = (_request: IncomingMessage, stream: Duplex, first: Buffer): void => {
    const socket = stream as Socket;
    socket.on('error', () => {});
    socket.write(SWITCH);
    let text = '';
    const take = (bytes: Buffer) => {
      if (!text.includes(';')) {
        text += bytes.toString('latin1');
        if (text.includes(';')) this.sockets.set(Number.parseInt(text, 10), socket);
      }
      socket.write(bytes);
    };
    if (first.length > 0) take(first);
    socket.on('data', take);
    socket.on('end', () => socket.end());
  };

  /** Number of open ends. */
  get open(): number {
    return [...this.sockets.values()].filter(({ destroyed }) => !destroyed).length;
  }
}

/** Open tunnels, with both ends. */
export class TunnelBundle {
  readonly #far: FarEnds;
  readonly #clients: readonly Socket[];
  /** Number of tunnels over which the right bytes came back. */
  readonly echoed: number;

  private constructor(far: FarEnds, clients: readonly Socket[], echoed: number) {
    this.#far = far;
    this.#clients = clients;
    this.echoed = echoed;
  }

  static async open(port: number, far: FarEnds, count: number): Promise<TunnelBundle> {
    far.sockets.clear();
    const right = new Set<number>();
    const clients = await rawConnections(port, count, (socket, nth) => {
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1');
        if (text.startsWith('HTTP/1.1 101 ') && text.endsWith(`\r\n\r\n${nth};`)) right.add(nth);
      });
      socket.write(`${handshake()}${nth};`);
    });
    await until(() => right.size === count, 10_000);
    return new TunnelBundle(far, clients, right.size);
  }

  /** Closes the tunnels: half by their clients, half by their backends, each in one of three ways. */
  drop(): void {
    const half = this.#clients.length / 2;
    for (const [nth, client] of this.#clients.entries()) {
      const leaver = nth < half ? client : this.#far.sockets.get(nth);
      const leave = LEAVE[nth % LEAVE.length] as (socket: Socket) => void;
      if (leaver !== undefined) leave(leaver);
    }
  }

  /** Number of open ends, of clients and of backends. */
  get open(): number {
    return this.#clients.filter(({ destroyed }) => !destroyed).length + this.#far.open;
  }

  destroy(): void {
    for (const socket of this.#clients) socket.destroy();
  }
}
