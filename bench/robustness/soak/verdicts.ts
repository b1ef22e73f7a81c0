// The promises of the soak test, and whether they were kept.

import { type Verdict, verdict } from '../../chaos/verdicts.ts';
import type { Content, Entry, Ledger, Tally } from './ledger.ts';

/** Longer than all timeouts together. */
const HUNG_MS = 12_000;

/** The promises about single requests. */
export function ledgerVerdicts(ledger: Ledger): Verdict[] {
  const { entries, strangers } = ledger;
  const { requests, posts: allPosts } = ledgerFigures(ledger);
  const all = [...entries.values()];
  const count = (is: (entry: Entry) => boolean) => all.filter(is).length;
  const lost = count(({ ends }) => ends.length === 0);
  const twice = count(({ ends }) => ends.length > 1);
  const hung = count((entry) => lengthMs(entry) > HUNG_MS);
  const crossed = count((entry) => got(entry, 'of another'));
  const corrupt = count((entry) => got(entry, 'wrong'));
  const short = count((entry) => got(entry, 'short'));
  const nowhere = count((entry) => isOk(entry) && entry.kind !== 'TUNNEL' && entry.completions === 0);
  const posts = count(({ kind, completions }) => kind === 'POST' && completions > 1);
  const wrongBodies = count((entry) => entry.wrongBodies > 0);
  const cutOff = count(({ left, completions }) => left && completions > 0);
  return [
    verdict(
      'every request gets exactly one answer or a visible error',
      `${lost} without, ${twice} with two, of ${requests}`,
      lost + twice === 0,
    ),
    verdict(`nothing hangs for more than ${HUNG_MS / 1_000} s`, `${hung}${hungKinds(all)}`, hung === 0),
    verdict('no POST is complete at two backends, or twice at one', `${posts} of ${allPosts}`, posts === 0),
    verdict(
      'every answer is its own, right to the byte, and from a backend that had the request',
      `${crossed} crossed, ${corrupt} corrupt, ${nowhere} from nowhere`,
      crossed + corrupt + nowhere === 0,
    ),
    verdict('no answer that broke off looks whole', `${short}`, short === 0),
    verdict(
      'no upload that broke off looks whole to a backend, and none is another',
      `${cutOff} cut off, ${wrongBodies} wrong, ${strangers} strangers`,
      cutOff + wrongBodies + strangers === 0,
    ),
  ];
}

/** Requests by their ends, and the share of correct responses. */
export function ledgerFigures({ entries, past, leavers }: Ledger): Tally {
  const { longestMs = 0, ...sums } = past;
  const now = figuresOf([...entries.values()]);
  for (const [name, value] of Object.entries(sums)) now[name] = (now[name] ?? 0) + value;
  return { ...now, leftAnywhere: leavers, longestMs: Math.max(longestMs, now.longestMs ?? 0) };
}

/**
 * Counts requests that ended before a time as they should, and forgets them: an hour of them would fill the
 * memory.
 */
export function forget({ entries, past }: Ledger, endedBefore: number): void {
  const over = [...entries.values()].filter(
    (entry) => (entry.endedAt ?? endedBefore) < endedBefore && isFaultless(entry),
  );
  for (const { id } of over) entries.delete(id);
  const { longestMs = 0, ...sums } = figuresOf(over);
  for (const [name, value] of Object.entries(sums)) past[name] = (past[name] ?? 0) + value;
  past.longestMs = Math.max(past.longestMs ?? 0, longestMs);
}

/** Requests that hung: what they were, how they ended, and between which seconds of the process. */
function hungKinds(all: readonly Entry[]): string {
  const hung = all.filter((entry) => lengthMs(entry) > HUNG_MS);
  if (hung.length === 0) return '';
  const kinds = new Map<string, number>();
  for (const { kind, left, ends } of hung) {
    const name = `${kind}${left ? ' left' : ''} ${JSON.stringify(ends[0])}`;
    kinds.set(name, (kinds.get(name) ?? 0) + 1);
  }
  const began = hung.map(({ beganAt }) => beganAt / 1_000);
  const list = [...kinds].map(([name, count]) => `${count} ${name}`).join(', ');
  return `: ${list}; begun from ${Math.min(...began).toFixed(0)} to ${Math.max(...began).toFixed(0)} s`;
}

function isFaultless(entry: Entry): boolean {
  const { kind, ends, completions, wrongBodies, left } = entry;
  const isWrong = got(entry, 'of another') || got(entry, 'wrong') || got(entry, 'short') || wrongBodies > 0;
  const isFromNowhere = isOk(entry) && kind !== 'TUNNEL' && completions === 0;
  const isTwice = (kind === 'POST' && completions > 1) || (left && completions > 0);
  return ends.length === 1 && lengthMs(entry) <= HUNG_MS && !isWrong && !isFromNowhere && !isTwice;
}

function figuresOf(all: readonly Entry[]): Tally {
  const count = (is: (entry: Entry) => boolean) => all.filter(is).length;
  const refused = ({ ends: [end] }: Entry) => end !== undefined && 'status' in end && end.status >= 400;
  return {
    requests: all.length,
    posts: count(({ kind }) => kind === 'POST'),
    tunnels: count(({ kind }) => kind === 'TUNNEL'),
    right: count(isOk),
    refusedOrFailed: count(refused),
    brokenOff: count((entry) => !entry.left && entry.ends.some((end) => 'error' in end)),
    leftByClients: count(({ left }) => left),
    longestMs: all.reduce((most, entry) => Math.max(most, lengthMs(entry)), 0),
  };
}

function isOk({ ends: [end] }: Entry): boolean {
  return end !== undefined && 'status' in end && end.status < 400;
}

function got({ ends }: Entry, content: Content): boolean {
  return ends.some((end) => 'status' in end && end.content === content);
}

function lengthMs({ beganAt, endedAt }: Entry): number {
  return endedAt === undefined ? 0 : endedAt - beganAt;
}
