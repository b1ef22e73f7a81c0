// Gateways that get SIGTERM under load, one after the other, while the next one takes over: what clients see
// that keep their connections. A load balancer before them asks for readiness, as Kubernetes does.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../../src/simulator/random.ts';
import type { Check, Finding } from '../check.ts';
import { GatewayCommand } from './gateway-command.ts';
import { http1Client, http2Client, nothingSeen, type Pace, type Seen } from './kept-clients.ts';

const ROUNDS = 4;
const DELAY_MS = 2_000;
const PROBE_MS = 200;
/** How long one gateway serves alone. */
const ALONE_MS = 1_500;
const SERVICE_MS = 5;
const BUSY_CLIENTS = 48;
const QUIET_CLIENTS = 24;
const SESSIONS = 6;
const STREAMS = 4;

export const shutdownCheck: Check = {
  name: 'shutdown',
  about: `SIGTERM under load, ${ROUNDS} times: what clients see that keep their connections`,
  async run(show, { seed }) {
    show({ what: 'seed', figure: String(seed) });
    const backend = await aBackend();
    const random = seededRandom(seed, 'shutdown');
    const gateways: GatewayCommand[] = [];
    const clear = () => {
      for (const gateway of gateways) gateway.kill();
    };
    process.once('exit', clear);
    const start = async () => {
      const { port } = backend.address() as AddressInfo;
      const gateway = await GatewayCommand.start({
        pools: { main: { backends: [`http://127.0.0.1:${port}`], health: false } },
        shutdown: { delayMs: DELAY_MS, graceMs: 10_000 },
      });
      gateways.push(gateway);
      return gateway;
    };
    let isOver = false;
    const probing = setInterval(() => {
      for (const gateway of gateways.slice(-2)) void gateway.probe();
    }, PROBE_MS);
    try {
      let current = await start();
      const pace = (least: number, most: number): Pace => ({
        rotation: () => (gateways.find(({ isReady }) => isReady) ?? current).port,
        pause: () => least + random() * (most - least),
        isOver: () => isOver,
      });
      const [busy, quiet, http2] = [nothingSeen(), nothingSeen(), nothingSeen()];
      const running = [
        ...times(BUSY_CLIENTS, () => http1Client(busy, pace(0, 40))),
        // Longer than everything that the gateway does at its end.
        ...times(QUIET_CLIENTS, () => http1Client(quiet, pace(500, 6_000))),
        ...times(SESSIONS, async () => {
          const shared: { session: ClientHttp2Session | undefined } = { session: undefined };
          await Promise.all(times(STREAMS, () => http2Client(http2, pace(0, 40), shared)));
          shared.session?.destroy();
        }),
      ];
      for (let round = 0; round < ROUNDS; round++) {
        await sleep(ALONE_MS);
        const next = await start();
        await current.terminate();
        current = next;
      }
      await sleep(ALONE_MS);
      isOver = true;
      await Promise.all(running);
      show(finding('HTTP/1.1, busy connections', busy));
      show(finding('HTTP/1.1, quiet connections', quiet));
      show(finding('HTTP/2', http2));
    } finally {
      clearInterval(probing);
      process.off('exit', clear);
      clear();
      backend.closeAllConnections();
      backend.close();
    }
    return [];
  },
};

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

function finding(what: string, { requests, failures, refused }: Seen): Finding {
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...failures].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const again = refused === 0 ? '' : `; ${refused} after GOAWAY, which may be sent again`;
  const figure = `${failed} errors in ${requests} requests${kinds && `: ${kinds}`}${again}`;
  return { what, figure, target: 'no error', met: failed === 0 };
}

async function aBackend(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    setTimeout(() => response.writeHead(200, { 'Content-Length': 4 }).end('here'), SERVICE_MS);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
