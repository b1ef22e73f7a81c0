// The scenario of a connection over which very many requests come at once.

import { setTimeout as sleep } from 'node:timers/promises';
import { verdict } from '../../chaos/verdicts.ts';
import { watchMemory } from '../../gateway/usage.ts';
import { median } from '../../results.ts';
import { formatBytes, formatCount } from '../../text.ts';
import type { Lab } from '../lab.ts';
import { serveBodies } from '../origin.ts';
import { rawConnection } from '../raw-connection.ts';
import { figuresWhen, idleVerdict, isIdle } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';
import { type LoadResult, loadFor, loadText, SteadyLoad } from '../steady-load.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const FLOODS = 5;
/** Time limit of one flood. */
const FLOOD_MS = 30_000;
const MOST_WAIT_MS = 100;
const MOST_BYTES = 67_108_864;

async function run(lab: Lab, { pipelined }: Scale): Promise<Finding> {
  const gateway = await lab.gateway({ backends: [await lab.origin(serveBodies)] });
  const requests = Buffer.from(REQUEST.repeat(pipelined));
  // Compiled code is not growth.
  await flood(gateway.port, requests);
  await loadFor(1_000, gateway.port);
  const { figures: before } = await figuresWhen(gateway, isIdle, 5_000);
  const alone = await loadFor(1_000, gateway.port, { pauseMs: 2 });
  const memory = watchMemory(gateway.pid);
  lab.own(() => memory.stop());
  const loads: LoadResult[] = [];
  const answers: number[] = [];
  for (let nth = 0; nth < FLOODS; nth++) {
    const load = new SteadyLoad(gateway.port, { pauseMs: 2 });
    await sleep(200);
    answers.push(await flood(gateway.port, requests));
    await sleep(200);
    loads.push(await load.stop());
  }
  const peakBytes = memory.peakBytes();
  const { figures: after } = await figuresWhen(gateway, isIdle, 10_000);
  const grown = Math.max(0, peakBytes - before.rssBytes);
  const waitMs = median(loads.map(({ longestMs }) => longestMs));
  const failed = loads.find((load) => load.failed > 0 || load.answered === 0);
  return {
    figures: {
      requests: pipelined,
      answered: median(answers),
      longestWithoutMs: alone.longestMs,
      rssBeforeBytes: before.rssBytes,
      rssPeakBytes: peakBytes,
    },
    verdicts: [
      verdict(
        `others wait at most ${MOST_WAIT_MS} ms, in the median of ${FLOODS} floods of ${formatCount(pipelined)} requests`,
        loads.map(({ longestMs }) => `${Math.round(longestMs)} ms`).join(', '),
        waitMs <= MOST_WAIT_MS,
      ),
      verdict(
        'others are served all along',
        loadText(failed ?? (loads[0] as LoadResult)),
        failed === undefined,
      ),
      verdict(
        `memory stays within ${formatBytes(MOST_BYTES)}`,
        `+${formatBytes(grown)}`,
        grown <= MOST_BYTES,
      ),
      idleVerdict('nothing of them stays', after),
    ],
  };
}

/** Sends all requests at once. @returns the number of responses until the connection ends */
async function flood(port: number, requests: Buffer): Promise<number> {
  const socket = rawConnection(port);
  const pieces: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => pieces.push(bytes));
  socket.write(requests);
  const timer = setTimeout(() => socket.destroy(), FLOOD_MS);
  await new Promise((resolve) => socket.on('close', resolve));
  clearTimeout(timer);
  return Buffer.concat(pieces).toString('latin1').split('HTTP/1.1 200 ').length - 1;
}

/** One connection with very many requests, none of which waits for the response to another. */
export const pipelining: Scenario = {
  name: 'pipelining',
  title: 'very many requests at once over one connection',
  run,
};
