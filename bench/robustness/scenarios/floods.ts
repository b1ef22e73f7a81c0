// The scenario of HTTP/2 floods.

import { H2Client } from '../../../gateway/test/conformance/wire/h2-client.ts';
import { sleep, until } from '../../../gateway/test/conformance/wire/poll.ts';
import { type Verdict, verdict } from '../../chaos/verdicts.ts';
import { watchMemory } from '../../gateway/usage.ts';
import type { Figures } from '../figures.ts';
import { FLOODS, type Flood } from '../flood.ts';
import type { GatewayProcess } from '../gateway-process.ts';
import type { Lab } from '../lab.ts';
import { serveBodies } from '../origin.ts';
import { figuresWhen, idleVerdict, isIdle, memoryVerdict } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';
import { loadFor, loadText, SteadyLoad } from '../steady-load.ts';

const MOST_BYTES = 16_777_216;
/** Frames written at a time, so that the gateway can end the connection in between. */
const STEP = 500;
/** Time for the gateway to end the connection after the last frame. */
const LAST_WORD_MS = 3_000;
const SHORT_WORD_MS = 500;
/** Time limit of a flood whose cost is bounded without ending the connection. */
const FLOOD_MS = 8_000;

const isOver = ({ ended, goaway }: H2Client) => ended !== undefined || goaway !== undefined;

async function run(lab: Lab, scale: Scale): Promise<Finding> {
  const gateway = await lab.gateway({ backends: [await lab.origin(serveBodies)] });
  await loadFor(1_000, gateway.port);
  // Each flood runs once before, as the costs of a first run are not growth.
  for (const flood of FLOODS) await pour(gateway, flood, 200);
  const { figures: before } = await figuresWhen(gateway, isIdle, 5_000);
  const memory = watchMemory(gateway.pid);
  lab.own(() => memory.stop());
  const good = new SteadyLoad(gateway.port);
  const figures: Record<string, number> = {};
  const verdicts: Verdict[] = [];
  for (const flood of FLOODS) {
    const count = flood.count ?? scale.floodFrames;
    const { taken, isEnded } = await pour(gateway, flood, count);
    figures[`${flood.name}${isEnded ? 'EndedAfter' : 'TakenAll'}`] = taken;
    if (!flood.ends) continue;
    const measured = isEnded ? `ended after ${taken} of ${count}` : `not ended after ${taken}`;
    verdicts.push(verdict(`${flood.title} end the connection`, measured, isEnded));
  }
  const load = await good.stop();
  const { figures: after } = await figuresWhen(gateway, isIdle, 5_000);
  return {
    figures: { ...figures, ...memoryFigures(before.rssBytes, memory.peakBytes()), goodP99Ms: load.p99Ms },
    verdicts: [
      ...verdicts,
      verdict('others are served all along', loadText(load), load.failed === 0 && load.answered > 0),
      idleVerdict('nothing of them stays', after),
      memoryVerdict(before, after, MOST_BYTES),
    ],
  };
}

function memoryFigures(beforeBytes: number, peakBytes: number): Figures {
  return { rssBeforeBytes: beforeBytes, rssPeakBytes: peakBytes };
}

/** Sends a number of frames, or fewer if the gateway ends the connection. */
async function pour(
  { port }: GatewayProcess,
  { make, before, ends, reads = true }: Flood,
  count: number,
): Promise<{ taken: number; isEnded: boolean }> {
  const client = await H2Client.connect(port);
  await until(() => client.settings.size > 0, 2_000);
  const deadline = performance.now() + FLOOD_MS;
  if (!reads) client.socket.pause();
  if (before !== undefined) client.write(before);
  let sent = 0;
  while (sent < count && !isOver(client) && performance.now() < deadline) {
    const step = Math.min(STEP, count - sent);
    client.write(...Array.from({ length: step }, (_, i) => make(sent + i)));
    sent += step;
    // Waits until the connection accepts more.
    await until(() => client.socket.writableLength === 0 || isOver(client), FLOOD_MS, 1);
    await sleep(1);
  }
  client.socket.resume();
  const isEnded = await until(() => isOver(client), ends ? LAST_WORD_MS : SHORT_WORD_MS);
  client.socket.destroy();
  return { taken: sent, isEnded };
}

/** HTTP/2 frames that are cheap to send and costly to handle. */
export const floods: Scenario = { name: 'floods', title: 'floods of HTTP/2 frames', run };
