// Compares what two readers make of the same bytes.
import { isDeepStrictEqual } from 'node:util';
import { REQUEST_DIFFERENCES, RESPONSE_DIFFERENCES } from './intended.ts';
import type { Message, Reading } from './own-readers.ts';

/** What was found: `undefined` if both readers agree, or differ as intended. */
export type Finding = string | undefined;

/** Ends that are no faults. */
const SOUND = new Set(['end', 'half', 'closed']);

/**
 * Whatever both readers accept must be the same. Where one accepts more messages than the other, or only one
 * finds a fault, the difference must be listed.
 */
export function compare(kind: 'request' | 'response', bytes: Buffer, own: Reading, peer: Reading): Finding {
  const common = Math.min(own.messages.length, peer.messages.length);
  const list = kind === 'request' ? REQUEST_DIFFERENCES : RESPONSE_DIFFERENCES;
  const from = (index: number) => bytes.toString('latin1', own.starts?.[index] ?? bytes.length);
  const isMeant = (ours: string, theirs: string, rest: string) =>
    list.some((one) => one.own.test(ours) && one.peer.test(theirs) && one.bytes.test(rest));
  for (let index = 0; index < common; index++) {
    const [ours, theirs] = [own.messages[index], peer.messages[index]];
    if (isDeepStrictEqual(ours, theirs) || isPhraseAlone(ours, theirs)) continue;
    // What follows would be compared from different places.
    if (isMeant('content', 'content', from(index))) return undefined;
    return `message ${index} differs:\n  own  ${JSON.stringify(ours)}\n  peer ${JSON.stringify(theirs)}`;
  }
  const isSame = own.messages.length === peer.messages.length;
  const [isOwnSound, isPeerSound] = [SOUND.has(own.end), SOUND.has(peer.end)];
  // undici tells of a fault in a head as of one that is not whole.
  const isUnclear = kind === 'response' && peer.end === 'half';
  // After the last message of a connection we read nothing.
  const isIgnored = own.end === 'closed';
  if (isSame && (isOwnSound === isPeerSound || isUnclear || isIgnored)) return undefined;
  const rest = from(common);
  if (isMeant(own.end, peer.end, rest)) return undefined;
  return `own ${own.messages.length} then ${own.end}, peer ${peer.messages.length} then ${peer.end}, at ${JSON.stringify(rest.slice(0, 300))}`;
}

/** undici reads a phrase as UTF-8, and loses bytes that are none. */
function isPhraseAlone(own: Message | undefined, peer: Message | undefined): boolean {
  const isLost = peer?.start.includes('\xef\xbf\xbd') === true;
  return isLost && isDeepStrictEqual({ ...own, start: '' }, { ...peer, start: '' });
}
