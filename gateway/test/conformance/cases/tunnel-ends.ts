import { type Case, check } from '../case.ts';
import { sleep, until } from '../wire/poll.ts';
import { echoes, openTunnel, tunnelText } from './open-tunnel.ts';
import { SWITCH } from './websocket-handshake.ts';

/** How long both sides of a tunnel may differ on whether it is open. */
const TOLD_MS = 2_000;

/** RFC 6455 section 7. */
export const tunnelEnds: readonly Case[] = [
  {
    id: 'W03',
    title: "a backend's last bytes reach the client before the end",
    run: async (lab) => {
      const { client } = await openTunnel(lab, (socket) => {
        socket.write(SWITCH);
        setTimeout(() => socket.end('goodbye'), 60);
      });
      check(await client.closed(TOLD_MS), 'the client is not told');
      check(tunnelText(client) === 'goodbye', () => `got ${JSON.stringify(tunnelText(client))}`);
      return 'all of them';
    },
  },
  {
    id: 'W04',
    title: "a client's last bytes reach the backend before the end",
    run: async (lab) => {
      const { client, upstream } = await openTunnel(lab, SWITCH);
      client.socket.end('goodbye');
      const [connection] = upstream.connections;
      check(await until(() => connection?.ended !== undefined, TOLD_MS), 'the backend is not told');
      check(upstream.text.endsWith('goodbye'), () => `got ${JSON.stringify(upstream.text.slice(-40))}`);
      return 'all of them';
    },
  },
  {
    id: 'W09',
    title: 'a client that has said all may still listen',
    run: async (lab) => {
      const { client } = await openTunnel(lab, (socket) => {
        socket.removeAllListeners('end');
        socket.write(SWITCH);
        socket.on('end', () => setTimeout(() => socket.end('answer'), 100));
      });
      client.end();
      check(
        await until(() => tunnelText(client) === 'answer', TOLD_MS),
        () => `got ${JSON.stringify(tunnelText(client))}`,
      );
      return 'half-open';
    },
  },
  {
    id: 'W11',
    title: 'a tunnel outlives the time-outs of HTTP, and has its own',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const timeouts = { headersMs: 300, bodyMs: 300, idleMs: 300, writeMs: 300, tunnelMs: 2_500 };
      const pool = { timeouts: { headersMs: 300, bodyMs: 300, totalMs: 600, idleMs: 300 } };
      const { client } = await openTunnel(lab, echoes, { config: { timeouts }, pool });
      await sleep(1_800);
      check(client.ended === undefined, 'ended by a time-out of HTTP');
      client.write('\x89\0');
      check(await until(() => tunnelText(client) === '\x89\0', 2_000), 'a ping is lost');
      check(await client.closed(8_000), 'an idle tunnel stays open');
      return 'ended when idle';
    },
  },
  {
    id: 'W13',
    title: 'a backend that dies ends the tunnel at its client, and its lease',
    run: async (lab) => {
      const { client, upstream, inFlight } = await openTunnel(lab);
      upstream.connections[0]?.socket.resetAndDestroy();
      const startedAt = performance.now();
      check(await client.closed(TOLD_MS), 'the client is not told');
      check(await until(() => inFlight() === 0, TOLD_MS), 'the lease is held');
      return `told after ${(performance.now() - startedAt).toFixed(0)} ms`;
    },
  },
  {
    id: 'W14',
    title: 'a tunnel counts as load for as long as it is open',
    needs: 'configuration',
    run: async (lab) => {
      const { client, inFlight } = await openTunnel(lab);
      check(inFlight() === 1, `${inFlight()} in flight while it is open`);
      client.socket.destroy();
      check(await until(() => inFlight() === 0, TOLD_MS), `${inFlight()} in flight after its end`);
      return '1, then 0';
    },
  },
  {
    id: 'W16',
    title: 'draining leaves tunnels their time, and then ends them',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const { client, stop } = await openTunnel(lab);
      const stopped = stop(1_000);
      await sleep(300);
      client.write('still');
      check(await until(() => tunnelText(client) === 'still', 600), 'ended at once');
      check(await client.closed(5_000), 'not ended after the grace');
      await stopped;
      return 'ended after the grace';
    },
  },
];
