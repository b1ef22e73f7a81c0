import { check } from '../case.ts';
import type { Lab } from '../lab.ts';
import type { TargetOptions } from '../target.ts';
import type { Client } from '../wire/client.ts';
import { until } from '../wire/poll.ts';
import type { Reply, Upstream } from '../wire/upstream.ts';
import { handshake, SWITCH } from './websocket-handshake.ts';

/** Switches, and from then on sends back what comes. */
export const echoes: Reply = (socket) => {
  socket.write(SWITCH);
  socket.removeAllListeners('data');
  socket.pipe(socket);
};

export interface OpenTunnel {
  readonly client: Client;
  readonly upstream: Upstream;
  readonly inFlight: () => number;
  readonly stop: (graceMs: number) => Promise<void>;
}

/** What came through it. */
export const tunnelText = ({ text }: Client) => text.slice(text.indexOf('\r\n\r\n') + 4);

/** A tunnel that is open. */
export async function openTunnel(
  lab: Lab,
  complete: Reply = echoes,
  options?: Partial<TargetOptions>,
): Promise<OpenTunnel> {
  const { upstream, running, port } = await lab.pair({ complete }, options);
  const client = await lab.client(port);
  client.write(handshake());
  check(await until(() => client.text.includes('\r\n\r\n')), 'no answer to the handshake');
  check(client.text.startsWith('HTTP/1.1 101 '), () => `not upgraded: ${client.text}`);
  return {
    client,
    upstream,
    inFlight: () => running.stats?.().pools[0]?.inFlight ?? 0,
    stop: (graceMs) => {
      lab.forget(running);
      return running.stop(graceMs);
    },
  };
}
