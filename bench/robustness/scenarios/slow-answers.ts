// The scenario of many responses that come slowly.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../gateway/test/conformance/wire/poll.ts';
import { verdict } from '../../chaos/verdicts.ts';
import { formatBytes, formatCount } from '../../text.ts';
import type { GatewayFigures } from '../figures.ts';
import type { Lab } from '../lab.ts';
import { openFiles } from '../open-files.ts';
import { serveBodies } from '../origin.ts';
import { loopbackAddress, rawConnections } from '../raw-connection.ts';
import { figuresWhen, filesVerdict, idleVerdict, isIdle, memoryVerdict } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';
import { loadFor, loadText, SteadyLoad } from '../steady-load.ts';

/** Files that each process needs in addition to connections. */
const OWN_FILES = 500;
/** A byte of each response comes so often. */
const DRIP_MS = 1_000;
const DRIPS = 5;
const PATIENCE_MS = 30_000;
/** Tolerance for open files of health checks. */
const SPARE_FILES = 4;
/** Time until idle connections to backends are closed, with some tolerance. */
const REST_MS = 10_000;
/** For a request and both of its connections, after a collection. */
const MOST_EACH_BYTES = 32_768;
const MOST_BYTES = 16_777_216;

/** A client of a response that comes slowly. */
class WaitingClient {
  #text = '';

  constructor(socket: Socket) {
    socket.setEncoding('latin1').on('data', (text: string) => (this.#text += text));
    socket.once('connect', () => socket.write('GET /slow HTTP/1.1\r\nHost: slow.example\r\n\r\n'));
  }

  get isServed(): boolean {
    return this.#text.startsWith('HTTP/1.1 200 ') && this.#text.endsWith(`\r\n\r\n${'.'.repeat(DRIPS)}`);
  }
}

async function run(lab: Lab, { slowAnswers: wanted }: Scale): Promise<Finding> {
  // This process holds both ends: those of the clients, and those of the backend.
  const count = Math.min(wanted, Math.floor((openFiles() - OWN_FILES) / 2));
  const open: ServerResponse[] = [];
  const origin = await lab.origin((request, response) => {
    if (request.url !== '/slow') {
      serveBodies(request, response);
      return;
    }
    response.writeHead(200, { 'Content-Length': DRIPS }).flushHeaders();
    open.push(response);
  });
  const gateway = await lab.gateway({
    backends: [origin],
    limits: { connections: 2 * count },
    // All come at once, to a single backend that shares its processor with them.
    pool: { maxAwaiting: false },
  });
  await loadFor(1_000, gateway.port);
  const { figures: before } = await figuresWhen(gateway, isIdle, 5_000);
  const good = new SteadyLoad(gateway.port);
  const clients: WaitingClient[] = [];
  const startedAt = performance.now();
  const sockets = await rawConnections(
    gateway.port,
    count,
    (socket) => clients.push(new WaitingClient(socket)),
    loopbackAddress,
  );
  lab.own(() => {
    for (const socket of sockets) socket.destroy();
  });
  await until(() => open.length === count, PATIENCE_MS);
  const openMs = performance.now() - startedAt;
  const peak = await gateway.figures();
  for (let drip = 0; drip < DRIPS; drip++) {
    for (const response of open) response.write('.');
    await sleep(DRIP_MS);
  }
  for (const response of open) response.end();
  const served = () => clients.filter(({ isServed }) => isServed).length;
  await until(() => served() === count, PATIENCE_MS, 100);
  const load = await good.stop();
  for (const socket of sockets) socket.destroy();
  // V8 gives back what belonged to so many sockets in several steps.
  const isAtRest = (now: GatewayFigures) =>
    isIdle(now) && now.files <= before.files + SPARE_FILES && now.usedBytes <= before.usedBytes + MOST_BYTES;
  const { figures: after } = await figuresWhen(gateway, isAtRest, REST_MS);
  const eachBytes = (peak.usedBytes - before.usedBytes) / count;
  return {
    figures: {
      openAtATime: peak.requests,
      openMs,
      goodP99Ms: load.p99Ms,
      rssBeforeBytes: before.rssBytes,
      rssPeakBytes: peak.rssBytes,
      rssEachBytes: (peak.rssBytes - before.rssBytes) / count,
    },
    verdicts: [
      verdict(
        `${formatCount(wanted)} at a time get their whole answers, or as many as there may be files`,
        `${formatCount(served())} of ${formatCount(count)}`,
        served() === count && peak.requests >= count,
      ),
      verdict('others are served all along', loadText(load), load.failed === 0 && load.answered > 0),
      verdict(
        `each costs at most ${formatBytes(MOST_EACH_BYTES)} while it lasts`,
        formatBytes(eachBytes),
        eachBytes <= MOST_EACH_BYTES,
      ),
      idleVerdict('nothing of them stays', after),
      filesVerdict(before, after, SPARE_FILES),
      memoryVerdict(before, after, MOST_BYTES),
    ],
  };
}

/** Connections over which an answer comes slowly. */
export const slowAnswers: Scenario = {
  name: 'slow-answers',
  title: 'connections over which an answer comes slowly, each with one to the backend',
  run,
};
