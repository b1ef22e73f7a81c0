import type { Case } from '../case.ts';
import { adminCases } from './admin.ts';
import { answers } from './answers.ts';
import { backpressure } from './backpressure.ts';
import { bodies } from './bodies.ts';
import { brokenAnswers } from './broken-answers.ts';
import { chunks } from './chunks.ts';
import { contentLength } from './content-length.ts';
import { desync } from './desync.ts';
import { ends } from './ends.ts';
import { everyOctet } from './every-octet.ts';
import { failures } from './failures.ts';
import { h2Ends } from './h2-ends.ts';
import { h2EveryOctet } from './h2-every-octet.ts';
import { h2Fields } from './h2-fields.ts';
import { h2Floods } from './h2-floods.ts';
import { h2Sizes } from './h2-sizes.ts';
import { headerLines } from './header-lines.ts';
import { hopByHop } from './hop-by-hop.ts';
import { hosts } from './hosts.ts';
import { identity } from './identity.ts';
import { lifecycle } from './lifecycle.ts';
import { limits } from './limits.ts';
import { protocolOffers } from './protocol-offers.ts';
import { rates } from './rates.ts';
import { retries } from './retries.ts';
import { retryLimits } from './retry-limits.ts';
import { sessions } from './sessions.ts';
import { slowBackends } from './slow-backends.ts';
import { slowClients } from './slow-clients.ts';
import { targetCases } from './targets.ts';
import { tls } from './tls.ts';
import { transferEncoding } from './transfer-encoding.ts';
import { tunnelEnds } from './tunnel-ends.ts';
import { websocket } from './websocket.ts';

/** The catalogue's families in its order. */
const FAMILIES = 'SKDTHPFRXLZBEYWJQMVGN';

/** Every case that is run, in the order of the catalogue. */
export const cases: readonly Case[] = [
  ...adminCases,
  ...answers,
  ...backpressure,
  ...bodies,
  ...brokenAnswers,
  ...chunks,
  ...contentLength,
  ...desync,
  ...ends,
  ...everyOctet,
  ...failures,
  ...h2Ends,
  ...h2EveryOctet,
  ...h2Fields,
  ...h2Floods,
  ...h2Sizes,
  ...headerLines,
  ...hopByHop,
  ...hosts,
  ...identity,
  ...lifecycle,
  ...limits,
  ...protocolOffers,
  ...rates,
  ...retries,
  ...retryLimits,
  ...sessions,
  ...slowBackends,
  ...slowClients,
  ...targetCases,
  ...tls,
  ...transferEncoding,
  ...websocket,
  ...tunnelEnds,
].sort(byNumber);

function byNumber(a: Case, b: Case): number {
  const family = FAMILIES.indexOf(a.id.charAt(0)) - FAMILIES.indexOf(b.id.charAt(0));
  return family === 0 ? a.id.localeCompare(b.id) : family;
}
