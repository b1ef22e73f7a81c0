// The scenario of a log whose reader ends.

import { setTimeout as sleep } from 'node:timers/promises';
import { verdict } from '../../chaos/verdicts.ts';
import type { Lab } from '../lab.ts';
import { serveBodies } from '../origin.ts';
import { figuresWhen, idleVerdict, isIdle, memoryVerdict } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';
import { loadFor, loadText, SteadyLoad } from '../steady-load.ts';

const MOST_BYTES = 8_388_608;

async function run(lab: Lab, { loadMs }: Scale): Promise<Finding> {
  const backends = [await lab.origin(serveBodies)];
  const gateway = await lab.gateway({ backends, log: { level: 'info' } });
  await loadFor(loadMs / 4, gateway.port);
  const { figures: before } = await figuresWhen(gateway, isIdle, 5_000);
  const load = new SteadyLoad(gateway.port, { clients: 8, pauseMs: 2 });
  await sleep(loadMs / 4);
  gateway.closeOutput();
  await sleep(loadMs / 2);
  const result = await load.stop();
  const { figures: after } = await figuresWhen(gateway, isIdle, 5_000);
  return {
    figures: { requests: result.answered, p99Ms: result.p99Ms },
    verdicts: [
      verdict(
        'every request is answered when the log is no longer read',
        loadText(result),
        result.failed === 0 && result.answered > 0,
      ),
      idleVerdict('it runs on, at rest', after),
      memoryVerdict(before, after, MOST_BYTES),
    ],
  };
}

/** The process that reads the log ends. */
export const logPipe: Scenario = { name: 'log-pipe', title: 'a log whose reader goes away (EPIPE)', run };
