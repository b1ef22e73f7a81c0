// What scenarios of large bodies begin with, and how they judge what has arrived.

import { certificateFor } from '../../../gateway/test/conformance/certificates.ts';
import { type Verdict, verdict } from '../../chaos/verdicts.ts';
import type { Lab } from '../lab.ts';
import { figuresWhen, isIdle } from '../rest.ts';
import { DigestExchange } from './digest-exchange.ts';

/** A gateway before a backend that exchanges large bodies, warm and at rest, and its figures then. */
export async function warmGround(lab: Lab, bodyBytes: number) {
  const certificate = await certificateFor('localhost');
  const exchange = new DigestExchange(bodyBytes);
  const gateway = await lab.gateway({ backends: [await lab.origin(exchange.serve)], certificate });
  await exchange.warmUp(gateway.ports);
  const { figures: before } = await figuresWhen(gateway, isIdle, 5_000);
  return { exchange, gateway, before };
}

/** @param faults - of each transfer; `undefined` where the right bytes arrived */
export function arrivalVerdict(promise: string, faults: readonly (string | undefined)[]): Verdict {
  const fault = faults.find((one) => one !== undefined);
  const right = faults.filter((one) => one === undefined).length;
  const measured = `${right} of ${faults.length}${fault === undefined ? '' : `; ${fault}`}`;
  return verdict(promise, measured, fault === undefined);
}
