// The gateway is replaced under load: each new one gets the listening socket from their parent, and the old
// one drains. No client may see an error.
import { once } from 'node:events';
import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Check, Finding } from '../check.ts';
import { sendTo, steadyClients } from '../restarts/steady-clients.ts';
import { kill, SocketHolder } from './socket-holder.ts';

const PROGRAM = fileURLToPath(new URL('../../../gateway/src/cli/main.ts', import.meta.url));
const REPLACEMENTS = 4;
const PER_SECOND = 500;
/** How long old and new serve together, and how long one serves alone. */
const TOGETHER_MS = 1_000;
const ALONE_MS = 3_000;
const SERVICE_MS = 20;
/** A gateway with workers starts slowly where other programs have the machine. */
const PATIENCE_MS = 60_000;
/** Each request comes on a connection of its own, at whichever gateway takes it. */
const FRESH = new Agent();

export const takeoverCheck: Check = {
  name: 'takeover',
  about: `the gateway replaced ${REPLACEMENTS} times at ${PER_SECOND} requests a second, its socket held by the parent`,
  async run(show) {
    show(await replaced('on connections that stay open', { keepAlive: true, workers: 1 }));
    show(await replaced('on new connections', { keepAlive: false, workers: 1 }));
    show(await replaced('on new connections, 2 workers', { keepAlive: false, workers: 2 }));
    return [];
  },
};

interface Way {
  readonly keepAlive: boolean;
  readonly workers: number;
}

async function replaced(what: string, { keepAlive, workers }: Way): Promise<Finding> {
  const ready = new Set<string>();
  const backend = await aBackend(ready);
  const holder = await SocketHolder.start();
  const agent = new Agent({ keepAlive, maxSockets: 200 });
  const clear = () => holder.stop();
  process.once('exit', clear);
  try {
    const { port } = backend.address() as AddressInfo;
    const start = async () => {
      const before = ready.size;
      const pid = await holder.run(
        ...[process.execPath, '--import', 'tsx', PROGRAM, 'serve', '--host', 'fd:3', '--no-health'],
        ...['--no-access-log', '--workers', `${workers}`, '--backend', `http://127.0.0.1:${port}`],
      );
      // It says who it is in `Via`: a gateway that has sent something serves.
      const late = performance.now() + PATIENCE_MS;
      while (ready.size === before) {
        if (performance.now() > late) throw new Error('a gateway does not start');
        await sendTo({ agent: FRESH, port: holder.port }, { id: 'ready', method: 'GET', path: '/' }).catch(
          () => {},
        );
        await sleep(20);
      }
      return pid;
    };
    let current = await start();
    const stop = steadyClients('client', PER_SECOND, (sent) => sendTo({ agent, port: holder.port }, sent));
    for (let i = 0; i < REPLACEMENTS; i++) {
      await sleep(ALONE_MS);
      const next = await start();
      await sleep(TOGETHER_MS);
      kill(current, 'SIGTERM');
      current = next;
    }
    await sleep(ALONE_MS);
    const { requests, failed } = await stop();
    const kinds = [...new Set(failed.map(({ method, kind }) => `${method} ${kind}`))].join(', ');
    const figure = `${failed.length} errors in ${requests} requests${kinds && `: ${kinds}`}`;
    return { what, figure, target: 'no error', met: failed.length === 0 && ready.size > REPLACEMENTS };
  } finally {
    process.off('exit', clear);
    agent.destroy();
    holder.stop();
    backend.closeAllConnections();
    backend.close();
  }
}

/** @param seen - gets the name of each gateway that has sent a request */
async function aBackend(seen: Set<string>): Promise<Server> {
  const server = createServer((request, response) => {
    seen.add(String(request.headers.via));
    request.resume().on('end', () => setTimeout(() => response.end('here'), SERVICE_MS));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
