// The scenario of large bodies that must arrive right to the byte.

import { type Verdict, verdict } from '../../chaos/verdicts.ts';
import { watchMemory } from '../../gateway/usage.ts';
import { formatBytes } from '../../text.ts';
import { DIRECTIONS } from '../bodies/digest-exchange.ts';
import { arrivalVerdict, warmGround } from '../bodies/ground.ts';
import { WIRES } from '../bodies/wires.ts';
import type { Lab } from '../lab.ts';
import { figuresWhen, idleVerdict, isIdle } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';

/** Whether the length is told, of each prompt transfer over a wire. */
const TIMES = [true, false, true];
/** Less than one of the bodies. */
const MOST_BYTES = 96 * 1_048_576;

async function run(lab: Lab, { bodyBytes }: Scale): Promise<Finding> {
  const { exchange, gateway, before } = await warmGround(lab, bodyBytes);
  const memory = watchMemory(gateway.pid);
  lab.own(() => memory.stop());
  const figures: Record<string, number> = { eachBytes: bodyBytes };
  const verdicts: Verdict[] = [];
  const judge = (what: string, faults: readonly (string | undefined)[]) => {
    verdicts.push(arrivalVerdict(`${what} arrive right to the byte (SHA-256)`, faults));
  };
  for (const wire of WIRES)
    for (const direction of DIRECTIONS) {
      const startedAt = performance.now();
      const faults = [];
      for (const hasLength of TIMES)
        faults.push(await exchange.transfer(gateway.ports, { wire, direction, hasLength }));
      judge(`${direction}s over ${wire.title}`, faults);
      figures[`${wire.name}${direction === 'download' ? 'Download' : 'Upload'}Ms`] =
        (performance.now() - startedAt) / TIMES.length;
    }
  const slow = WIRES.flatMap((wire) =>
    DIRECTIONS.flatMap((direction) =>
      TIMES.map((hasLength) => ({ wire, direction, hasLength, isSlow: true })),
    ),
  );
  judge(
    `${slow.length} at a time with slow readers`,
    await Promise.all(slow.map((one) => exchange.transfer(gateway.ports, one))),
  );
  const peakBytes = memory.peakBytes();
  const { figures: after } = await figuresWhen(gateway, isIdle, 5_000);
  const grown = Math.max(0, peakBytes - before.rssBytes);
  return {
    figures: { ...figures, rssBeforeBytes: before.rssBytes, rssPeakBytes: peakBytes },
    verdicts: [
      ...verdicts,
      verdict(
        `memory at the most stays within ${formatBytes(MOST_BYTES)} of the start`,
        `+${formatBytes(grown)}`,
        grown <= MOST_BYTES,
      ),
      idleVerdict('nothing of them stays', after),
    ],
  };
}

/** Large bodies in both directions, over each protocol. */
export const checksums: Scenario = {
  name: 'checksums',
  title: 'large bodies over HTTP/1.1, TLS and HTTP/2, compared by their SHA-256',
  run,
};
