// The scenario of a process that is stopped and continued.

import { setTimeout as sleep } from 'node:timers/promises';
import { verdict } from '../../chaos/verdicts.ts';
import type { Lab } from '../lab.ts';
import { serveBodies } from '../origin.ts';
import { figuresWhen, idleVerdict, isIdle } from '../rest.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { loadText, SteadyLoad } from '../steady-load.ts';

const BACKENDS = 4;
const CLIENTS = 32;
/** Longer than any timeout for a backend below. */
const STOP_MS = 4_000;
const STOPS = 2;

async function run(lab: Lab): Promise<Finding> {
  const origin = () =>
    // Each response takes a moment, so that requests are always in flight.
    lab.origin((request, response) => setTimeout(() => serveBodies(request, response), 20));
  const backends = await Promise.all(Array.from({ length: BACKENDS }, origin));
  const gateway = await lab.gateway({
    backends,
    pool: {
      health: { intervalMs: 500, request: { timeoutMs: 1_000 }, thresholds: { fall: 2 } },
      ejection: { consecutiveFailures: 5 },
      timeouts: { connectMs: 1_000, headersMs: 2_000, totalMs: 3_000 },
    },
  });
  const load = new SteadyLoad(gateway.port, { clients: CLIENTS, pauseMs: 1 });
  await sleep(1_000);
  let leastAlive = BACKENDS;
  for (let stop = 0; stop < STOPS; stop++) {
    gateway.signal('SIGSTOP');
    await sleep(STOP_MS);
    gateway.signal('SIGCONT');
    for (let look = 0; look < 10; look++) {
      leastAlive = Math.min(leastAlive, (await gateway.figures()).alive);
      await sleep(100);
    }
  }
  const result = await load.stop();
  const { figures: after } = await figuresWhen(gateway, isIdle, 5_000);
  return {
    figures: { stoppedMs: STOP_MS, times: STOPS, leastAlive, p99Ms: result.p99Ms },
    verdicts: [
      verdict(
        'no backend is ejected, or taken for down, for a standstill of the gateway',
        `${leastAlive} of ${BACKENDS} alive at the least, ${after.ejections} ejected, ${after.downs} down in between`,
        leastAlive === BACKENDS && after.ejections + after.downs === 0,
      ),
      verdict(
        'every request is answered, those that were in flight included',
        loadText(result),
        result.failed === 0 && result.answered > 0,
      ),
      idleVerdict('nothing of them stays', after),
    ],
  };
}

/** The process is stopped and continued. */
export const standstill: Scenario = {
  name: 'standstill',
  title: 'the process is stopped for seconds (SIGSTOP) under load',
  run,
};
