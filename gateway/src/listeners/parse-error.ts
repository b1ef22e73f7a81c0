// Which refusal a fault of the parser becomes.
import type { Fault } from '../http1/parse-head.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';

/** The refusal of a head or body that cannot be read. */
export const REFUSAL_OF_FAULT: Readonly<Record<Fault, Refusal>> = {
  syntax: REFUSALS.badRequest,
  version: REFUSALS.version,
  'target-too-long': REFUSALS.uriTooLong,
  'too-large': REFUSALS.headersTooLarge,
  framing: REFUSALS.badFraming,
  coding: REFUSALS.unknownCoding,
};
