// Reads hosts as requests name them.
import { canonicalHost } from '../config/host-names.ts';

/** A host with an optional port, as `Host`, `:authority` or an absolute target gives them. */
export interface Authority {
  /** In canonical form, without the port and without a dot at the end; routes are found by it. */
  readonly host: string;
  /** As it came. */
  readonly text: string;
}

/** Requests name few hosts; the limit is for clients that invent them. */
const MAX_KNOWN = 1_024;
const known = new Map<string, Authority | undefined>();

/**
 * Reads `uri-host [ ":" port ]` (RFC 9110 section 7.2). An empty text is valid: a host without a name.
 * Expected O(1) for a text that was read before.
 * @returns `undefined` if it is not valid
 */
export function readAuthority(text: string): Authority | undefined {
  const before = known.get(text);
  if (before !== undefined || known.has(text)) return before;
  // A copy: what was cut out of a head would keep all of that head in memory.
  const own = Buffer.from(text).toString();
  const read = parse(own);
  if (own.length > 255) return read;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(own, read);
  return read;
}

/**
 * RFC 3986 section 3.2.2: an address in brackets, or unreserved characters, percent-encoded characters and
 * sub-delimiters except the comma.
 */
const AUTHORITY = /^(\[[\da-fA-F:.]+\]|(?:[\w.~!$&'()*+;=-]|%[\da-fA-F]{2})*)(?::(\d{0,5}))?$/;

function parse(text: string): Authority | undefined {
  const match = AUTHORITY.exec(text);
  if (match === null || Number(match[2] ?? 0) > 65_535) return undefined;
  const name = match[1] as string;
  return { host: canonicalHost(name) ?? name.toLowerCase(), text };
}
