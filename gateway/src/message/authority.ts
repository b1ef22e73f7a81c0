import { canonicalHost } from '../config/host-names.ts';

/** A host, and perhaps a port, as `Host`, `:authority` or an absolute target names them. */
export interface Authority {
  /** In its one form, without port and without the dot at the end: what routes are found by. */
  readonly host: string;
  /** As it came. */
  readonly text: string;
}

/** Hosts that came are few, except where somebody tries them all. */
const MAX_KNOWN = 1_024;
const known = new Map<string, Authority | undefined>();

/**
 * Reads `uri-host [ ":" port ]` (RFC 9110 section 7.2); an empty one is a host without a name. Expected O(1) for what was read before.
 * @returns `undefined` where it is none
 */
export function readAuthority(text: string): Authority | undefined {
  const before = known.get(text);
  if (before !== undefined || known.has(text)) return before;
  const read = parse(text);
  if (text.length > 255) return read;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, read);
  return read;
}

/** RFC 3986 section 3.2.2: a bracketed address, or unreserved characters, percent-encoded ones and sub-delimiters but the comma. */
const AUTHORITY = /^(\[[\da-fA-F:.]+\]|(?:[\w.~!$&'()*+;=-]|%[\da-fA-F]{2})*)(?::(\d{0,5}))?$/;

function parse(text: string): Authority | undefined {
  const match = AUTHORITY.exec(text);
  if (match === null || Number(match[2] ?? 0) > 65_535) return undefined;
  const name = match[1] as string;
  return { host: canonicalHost(name) ?? name.toLowerCase(), text };
}
