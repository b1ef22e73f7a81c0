import type { Case } from '../case.ts';
import { answers } from './answers.ts';
import { bodies } from './bodies.ts';
import { brokenAnswers } from './broken-answers.ts';
import { chunks } from './chunks.ts';
import { contentLength } from './content-length.ts';
import { desync } from './desync.ts';
import { ends } from './ends.ts';
import { h2Ends } from './h2-ends.ts';
import { h2Fields } from './h2-fields.ts';
import { h2Floods } from './h2-floods.ts';
import { headerLines } from './header-lines.ts';
import { hopByHop } from './hop-by-hop.ts';
import { hosts } from './hosts.ts';
import { identity } from './identity.ts';
import { targetCases } from './targets.ts';
import { transferEncoding } from './transfer-encoding.ts';

const FAMILIES = 'SKDTHPFRXLZBEYWJQMVG';

/** Every case that is run, in the order of the catalogue. */
export const cases: readonly Case[] = [
  ...transferEncoding,
  ...contentLength,
  ...headerLines,
  ...chunks,
  ...desync,
  ...targetCases,
  ...hosts,
  ...hopByHop,
  ...identity,
  ...brokenAnswers,
  ...answers,
  ...ends,
  ...bodies,
  ...h2Fields,
  ...h2Ends,
  ...h2Floods,
].sort(byNumber);

function byNumber(a: Case, b: Case): number {
  const family = FAMILIES.indexOf(a.id.charAt(0)) - FAMILIES.indexOf(b.id.charAt(0));
  return family === 0 ? a.id.localeCompare(b.id) : family;
}
