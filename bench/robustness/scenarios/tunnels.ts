import { setTimeout as sleep } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { handshake, SWITCH } from '../../../test/conformance/cases/websocket-handshake.ts';
import { until } from '../../../test/conformance/wire/poll.ts';
import { verdict } from '../../chaos/verdicts.ts';
import type { Lab } from '../lab.ts';
import { serveBodies } from '../origin.ts';
import { rawConnections } from '../raw-connection.ts';
import { figuresWhen, filesVerdict, idleVerdict, isIdle, memoryVerdict } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';

const BACKENDS = 4;
/** How long a gateway may take to notice that a side has gone. */
const NOTICE_MS = 2_000;
const MOST_BYTES = 16_777_216;
/** How sides leave. */
const LEAVE: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.end(),
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
];

/** One backend's end of tunnels: sends back what comes. */
class FarEnd {
  readonly sockets: Socket[] = [];

  accept(stream: Duplex): void {
    const socket = stream as Socket;
    this.sockets.push(socket);
    socket.on('error', () => {});
    socket.write(SWITCH);
    socket.on('data', (bytes) => socket.write(bytes));
    // The other side of a half-close.
    socket.on('end', () => socket.end());
  }
}

/** Tunnels that are open, from both ends. */
class Bundle {
  readonly #far: FarEnd;
  readonly #clients: readonly Socket[];
  /** Over which something came back. */
  readonly echoed: number;

  private constructor(far: FarEnd, clients: readonly Socket[], echoed: number) {
    this.#far = far;
    this.#clients = clients;
    this.echoed = echoed;
  }

  static async open(lab: Lab, port: number, far: FarEnd, count: number): Promise<Bundle> {
    let echoed = 0;
    far.sockets.length = 0;
    const clients = await rawConnections(port, count, (socket, nth) => {
      let text = '';
      socket.on('data', (bytes) => {
        const hadIt = text.endsWith(`ping ${nth}`);
        text += bytes.toString('latin1');
        if (!hadIt && text.endsWith(`\r\n\r\nping ${nth}`)) echoed++;
      });
      socket.write(`${handshake()}ping ${nth}`);
    });
    lab.own(() => {
      for (const socket of clients) socket.destroy();
    });
    await until(() => echoed === count, 10_000);
    return new Bundle(far, clients, echoed);
  }

  /** Half of them are left by their clients, half by their backends, in three ways. */
  drop(): void {
    // Which client belongs to which backend's end does not matter: tunnels that both leave are dropped, too.
    const half = this.#clients.length / 2;
    for (const [i, socket] of this.#clients.slice(0, half).entries()) leave(socket, i);
    const orphans = this.#far.sockets.filter((socket) => !this.#belongsToLeavers(socket));
    for (const [i, socket] of orphans.entries()) leave(socket, i);
  }
}
