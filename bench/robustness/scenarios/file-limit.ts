// The scenario of the limit of open files.

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { verdict } from '../../chaos/verdicts.ts';
import { HOST } from '../../gateway/ports.ts';
import type { Lab } from '../lab.ts';
import { serveBodies } from '../origin.ts';
import { rawConnections } from '../raw-connection.ts';
import { figuresWhen, idleVerdict, isIdle } from '../rest.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { loadFor, loadText, SteadyLoad } from '../steady-load.ts';

const FILES = 256;
const CROWD = 400;
const BACKENDS = 3;
const IN_FLIGHT = 20;
/**
 * Number of requests over a connection that was opened before the others; most of them need a new connection
 * to a backend.
 */
const BURST = 60;
/** Duration of the requests in flight, and how much longer the other connections stay open. */
const WORK_MS = 2_000;

async function run(lab: Lab): Promise<Finding> {
  let waiting: ServerResponse[] = [];
  const origin = () =>
    lab.origin((request, response) => {
      if (request.url === '/wait') waiting.push(response);
      else serveBodies(request, response);
    });
  const backends = await Promise.all(Array.from({ length: BACKENDS }, origin));
  const health = { intervalMs: 500, request: { timeoutMs: 1_000 } };
  const gateway = await lab.gateway({ backends, pool: { health } }, { fileLimit: FILES });
  await loadFor(500, gateway.port);
  const inFlight = new SteadyLoad(gateway.port, { path: '/wait', clients: IN_FLIGHT });
  await sleep(200);
  const good = new SteadyLoad(gateway.port, { statuses: [503] });
  await sleep(200);
  const session = connect(`http://${HOST}:${gateway.port}`);
  lab.own(() => session.destroy());
  await once(session, 'remoteSettings');
  const crowd = await rawConnections(gateway.port, CROWD, (socket) => socket.resume());
  lab.own(() => {
    for (const socket of crowd) socket.destroy();
  });
  const statuses = await burst(session, BURST);
  await sleep(WORK_MS);
  const stuck = crowd.filter(({ destroyed }) => !destroyed).length;
  const goodLoad = good.stop();
  const inFlightLoad = inFlight.stop();
  for (const response of waiting) response.end('ok');
  waiting = [];
  const [served, finished] = await Promise.all([goodLoad, inFlightLoad]);
  const crowded = await gateway.figures();
  session.destroy();
  for (const socket of crowd) socket.destroy();
  const { figures: rest } = await figuresWhen(gateway, isIdle, 5_000);
  await figuresWhen(gateway, ({ alive }) => alive === BACKENDS, 5_000);
  const after = await loadFor(1_000, gateway.port);
  const { figures: last } = await figuresWhen(gateway, isIdle, 5_000);
  return {
    figures: {
      fileLimit: FILES,
      crowd: CROWD,
      held: stuck,
      aliveThen: crowded.alive,
      checksDown: crowded.downs,
      burst: BURST,
      burstServed: statuses.filter((status) => status === 200).length,
      burstRefused: statuses.filter((status) => status >= 500).length,
    },
    verdicts: [
      verdict(
        'requests in flight finish',
        loadText(finished),
        finished.failed === 0 && finished.answered >= IN_FLIGHT,
      ),
      verdict(
        'clients that are connected are served on, or told 503',
        loadText(served),
        served.failed === 0 && served.answered > 0,
      ),
      verdict(
        'a burst of requests for which files are wanting is served, or told 503',
        [...new Set(statuses)]
          .map((status) => `${statuses.filter((one) => one === status).length} x ${status}`)
          .join(', '),
        statuses.every((status) => status === 200 || status === 503),
      ),
      verdict(
        'no backend is ejected for the want of the gateway',
        `${crowded.ejections} ejected`,
        crowded.ejections === 0,
      ),
      verdict(
        'it recovers when the crowd has gone',
        loadText(after),
        after.failed === 0 && after.answered > 0,
      ),
      idleVerdict('nothing of the crowd stays', last.connections > rest.connections ? last : rest),
    ],
  };
}

/** Sends many requests at once. @returns their statuses; 0 for no response */
function burst(session: ClientHttp2Session, count: number): Promise<number[]> {
  const send = () =>
    new Promise<number>((resolve) => {
      const stream = session.request({ ':path': '/1k' });
      let status = 0;
      stream.on('response', (headers) => (status = headers[':status'] ?? 0));
      stream.on('error', () => {});
      stream.on('close', () => resolve(status));
      stream.resume();
    });
  return Promise.all(Array.from({ length: count }, send));
}

/** More connections than the limit of open files. */
export const fileLimit: Scenario = {
  name: 'file-limit',
  title: `${CROWD} connections where ${FILES} files may be open`,
  run,
};
