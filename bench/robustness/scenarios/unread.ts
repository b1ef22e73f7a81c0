// The scenario of large bodies that are not read.

import { untilQuiet } from '../../../gateway/test/conformance/wire/poll.ts';
import { type Verdict, verdict } from '../../chaos/verdicts.ts';
import { watchMemory } from '../../gateway/usage.ts';
import { formatBytes } from '../../text.ts';
import type { DigestExchange } from '../bodies/digest-exchange.ts';
import { arrivalVerdict, warmGround } from '../bodies/ground.ts';
import { WIRES, type Wire } from '../bodies/wires.ts';
import type { GatewayProcess } from '../gateway-process.ts';
import type { Lab } from '../lab.ts';
import { figuresWhen, idleVerdict, isIdle } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';

/** Of clients that do not read, and again of those whose backend does not. */
const CLIENTS = 10;
/** How long nothing has flowed when it counts as having come to rest. */
const QUIET_MS = 1_000;
/** Of all together. The kernel's buffers do not count. */
const MOST_BYTES = 67_108_864;

async function run(lab: Lab, { bodyBytes }: Scale): Promise<Finding> {
  const { exchange, gateway, before } = await warmGround(lab, bodyBytes);
  const figures: Record<string, number> = {
    eachBytes: bodyBytes,
    rssBeforeBytes: before.rssBytes,
  };
  const verdicts: Verdict[] = [];
  for (const wire of WIRES) {
    const { peakBytes, mostTakenBytes, faults } = await hold(exchange, gateway, wire);
    const grown = Math.max(0, peakBytes - before.rssBytes);
    verdicts.push(
      verdict(
        `${CLIENTS} downloads and ${CLIENTS} uploads over ${wire.title} that are not read cost at most ${formatBytes(MOST_BYTES)}`,
        `+${formatBytes(grown)}; at most ${formatBytes(mostTakenBytes)} of a download taken`,
        grown <= MOST_BYTES,
      ),
      arrivalVerdict('they arrive right to the byte when they are read', faults),
    );
  }
  const { figures: after } = await figuresWhen(gateway, isIdle, 5_000);
  return {
    figures: { ...figures, rssAfterBytes: after.rssBytes },
    verdicts: [...verdicts, idleVerdict('nothing of them stays', after)],
  };
}

/** Transfers of which nothing is read until all is at rest, and then everything. */
async function hold(exchange: DigestExchange, gateway: GatewayProcess, wire: Wire) {
  const memory = watchMemory(gateway.pid);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const transfers = Array.from({ length: 2 * CLIENTS }, (_, nth) =>
    exchange.transfer(gateway.ports, {
      wire,
      direction: nth < CLIENTS ? 'download' : 'upload',
      hasLength: nth % 2 === 0,
      held,
    }),
  );
  await untilQuiet(() => exchange.taken.reduce((sum, bytes) => sum + bytes, 0), QUIET_MS);
  const peakBytes = memory.peakBytes();
  const mostTakenBytes = Math.max(0, ...exchange.taken);
  memory.stop();
  release();
  return { peakBytes, mostTakenBytes, faults: await Promise.all(transfers) };
}

/** Large bodies that are not read for a while. */
export const unread: Scenario = {
  name: 'unread',
  title: 'large bodies that clients, or backends, do not read',
  run,
};
