// The scenario of clients that read slowly.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { verdict } from '../../chaos/verdicts.ts';
import { BODIES } from '../../gateway/bodies.ts';
import type { SlowClientsOrder, SlowClientsResult } from '../../gateway/load/slow-clients-order.ts';
import { watchMemory } from '../../gateway/usage.ts';
import { formatBytes } from '../../text.ts';
import type { Lab } from '../lab.ts';
import { serveBodies } from '../origin.ts';
import { figuresWhen, idleVerdict, isIdle } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';
import { loadFor } from '../steady-load.ts';

const CLIENTS = fileURLToPath(new URL('../../gateway/load/slow-clients.ts', import.meta.url));
const MOST_BYTES = 64 * 1_048_576;
const STALL_MS = 3_000;
const TAKE_MS = 6_000;

async function run(lab: Lab, { slowReaders, loadMs }: Scale): Promise<Finding> {
  const gateway = await lab.gateway({ backends: [await lab.origin(serveBodies)] });
  // Buffers and compiled code, which any load causes, are not growth.
  await loadFor(loadMs / 2, gateway.port, { path: '/1m', clients: 16, pauseMs: 1 });
  const { figures: before } = await figuresWhen(gateway, isIdle, 5_000);
  const memory = watchMemory(gateway.pid);
  lab.own(() => memory.stop());
  const { failures } = await slowClients(lab, {
    port: gateway.port,
    path: '/1m',
    bodyBytes: BODIES['/1m'],
    clients: slowReaders,
    stallMs: STALL_MS,
    takeMs: TAKE_MS,
  });
  const peakBytes = memory.peakBytes();
  const { figures: after } = await figuresWhen(gateway, isIdle, 5_000);
  const grown = (bytes: number) => Math.max(0, bytes - before.rssBytes);
  const within = `within ${formatBytes(MOST_BYTES)} of the start`;
  return {
    figures: {
      readers: slowReaders,
      rssBeforeBytes: before.rssBytes,
      rssPeakBytes: peakBytes,
      rssAfterBytes: after.rssBytes,
    },
    verdicts: [
      verdict('each gets its whole answer', `${slowReaders - failures} of ${slowReaders}`, failures === 0),
      verdict(
        `memory at the most stays ${within}`,
        `+${formatBytes(grown(peakBytes))}`,
        grown(peakBytes) <= MOST_BYTES,
      ),
      verdict(
        `memory afterwards is ${within}`,
        `+${formatBytes(grown(after.rssBytes))}`,
        grown(after.rssBytes) <= MOST_BYTES,
      ),
      idleVerdict('nothing of them stays', after),
    ],
  };
}

/** The clients run in a process of their own, as the origin needs this one. */
async function slowClients(lab: Lab, order: SlowClientsOrder): Promise<SlowClientsResult> {
  const child = spawn(process.execPath, ['--import', 'tsx', CLIENTS, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  lab.ownProcess(child);
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return JSON.parse(output);
}

/** Clients that read their responses slowly. */
export const slowReaders: Scenario = {
  name: 'slow-readers',
  title: 'clients that take 1 MB each, slowly',
  run,
};
