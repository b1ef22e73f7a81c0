// The scenario of tunnels that are opened and closed in several ways.

import { until } from '../../../gateway/test/conformance/wire/poll.ts';
import { verdict } from '../../chaos/verdicts.ts';
import type { Lab } from '../lab.ts';
import { serveBodies } from '../origin.ts';
import { figuresWhen, filesVerdict, idleVerdict, isIdle, memoryVerdict } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';
import { FarEnds, TunnelBundle } from '../tunnel-bundle.ts';

const BACKENDS = 4;
/** Time for the gateway to notice that one side of a tunnel has closed. */
const NOTICE_MS = 2_000;
const MOST_BYTES = 16_777_216;

async function run(lab: Lab, { tunnels: count }: Scale): Promise<Finding> {
  const far = new FarEnds();
  const origin = () => lab.origin(serveBodies, (server) => server.on('upgrade', far.accept));
  const backends = await Promise.all(Array.from({ length: BACKENDS }, origin));
  const gateway = await lab.gateway({ backends });
  const warmUp = await TunnelBundle.open(gateway.port, far, 40);
  warmUp.drop();
  const { figures: before } = await figuresWhen(gateway, isIdle, 5_000);
  const startedAt = performance.now();
  const bundle = await TunnelBundle.open(gateway.port, far, count);
  lab.own(() => bundle.destroy());
  const openMs = performance.now() - startedAt;
  const peak = await gateway.figures();
  bundle.drop();
  const { figures: after, afterMs } = await figuresWhen(gateway, isIdle, NOTICE_MS);
  await until(() => bundle.open === 0, NOTICE_MS);
  return {
    figures: {
      tunnels: peak.tunnels,
      openMs,
      usedEachBytes: (peak.usedBytes - before.usedBytes) / count,
      rssEachBytes: (peak.rssBytes - before.rssBytes) / count,
      goneMs: afterMs,
    },
    verdicts: [
      verdict('each tunnel carries bytes both ways', `${bundle.echoed} of ${count}`, bundle.echoed === count),
      verdict(
        'each has its lease as long as it is open',
        `${peak.leases} leases, ${peak.tunnels} tunnels`,
        peak.leases === count && peak.tunnels === count,
      ),
      idleVerdict(
        `half dropped by clients and half by backends, all are gone within ${NOTICE_MS / 1_000} s`,
        after,
      ),
      verdict('the sides that stayed hear of it', `${bundle.open} still open`, bundle.open === 0),
      filesVerdict(before, after, 2 * BACKENDS),
      memoryVerdict(before, after, MOST_BYTES),
    ],
  };
}

/** Tunnels that are opened and closed in several ways. */
export const tunnels: Scenario = {
  name: 'tunnels',
  title: 'tunnels, half dropped by clients, half by backends',
  run,
};
