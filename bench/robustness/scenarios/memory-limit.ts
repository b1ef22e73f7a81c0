// The scenario of large bodies with little memory.

import { setTimeout as sleep } from 'node:timers/promises';
import { verdict } from '../../chaos/verdicts.ts';
import { bodyOf } from '../../gateway/bodies.ts';
import { watchMemory } from '../../gateway/usage.ts';
import type { Lab } from '../lab.ts';
import { serveBodies } from '../origin.ts';
import { figuresWhen, idleVerdict, isIdle } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';
import { loadFor, loadText, SteadyLoad } from '../steady-load.ts';

const HEAP_MB = 128;
const CLIENTS = 8;
/** Time limit for 16 MB, with all the other bodies at the same time. */
const PATIENCE_MS = 30_000;

async function run(lab: Lab, { loadMs }: Scale): Promise<Finding> {
  const backends = [await lab.origin(serveBodies), await lab.origin(serveBodies)];
  const gateway = await lab.gateway({ backends }, { nodeFlags: [`--max-old-space-size=${HEAP_MB}`] });
  await loadFor(500, gateway.port);
  const { figures: before } = await figuresWhen(gateway, isIdle, 5_000);
  const memory = watchMemory(gateway.pid);
  lab.own(() => memory.stop());
  // If it has too many requests, refusing some is right.
  const options = { clients: CLIENTS, statuses: [503], patienceMs: PATIENCE_MS };
  const downloads = new SteadyLoad(gateway.port, { ...options, path: '/16m' });
  const uploads = new SteadyLoad(gateway.port, { ...options, body: bodyOf('/16m') });
  await sleep(loadMs);
  const [down, up] = await Promise.all([downloads.stop(), uploads.stop()]);
  const { figures: after } = await figuresWhen(gateway, isIdle, 5_000);
  return {
    figures: {
      downloads: down.answered,
      uploads: up.answered,
      rssBeforeBytes: before.rssBytes,
      rssPeakBytes: memory.peakBytes(),
    },
    verdicts: [
      verdict(
        'downloads of 16 MB are answered, or refused with 503',
        loadText(down),
        down.failed === 0 && down.answered > 0,
      ),
      verdict(
        'uploads of 16 MB are answered, or refused with 503',
        loadText(up),
        up.failed === 0 && up.answered > 0,
      ),
      verdict('it does not crash', gateway.hasEnded ? 'crashed' : 'runs', !gateway.hasEnded),
      idleVerdict('nothing of them stays', after),
    ],
  };
}

/** Large bodies with little memory. */
export const memoryLimit: Scenario = {
  name: 'memory-limit',
  title: `large bodies with --max-old-space-size=${HEAP_MB}`,
  run,
};
