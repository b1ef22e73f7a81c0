// The normal form of paths, of routes in configurations and of requests: routes are found by it.

/** How encoded slashes are read, and whether letter case counts. */
export interface PathRules {
  /** `keep`: a part of a segment. `refuse`: 400. `decode`: a slash. */
  readonly encodedSlash: 'keep' | 'refuse' | 'decode';
  readonly caseSensitive: boolean;
}

/** Characters that a segment has as they are (RFC 3986 section 3.3, `pchar`), but for those listed below. */
const PLAIN = 1;
const SLASH = 2;
const DOT = 3;
const QUERY = 4;
/** By character code; 0 for what a normalised path does not have: `;`, `%`, `\` and what must be encoded. */
const KINDS = new Uint8Array(256);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,=:@")
  KINDS[character.charCodeAt(0)] = PLAIN;
KINDS[47] = SLASH;
KINDS[46] = DOT;
KINDS[63] = QUERY;

const HEX = '0123456789ABCDEF';

/** A path as it came, and as routes are found by it. */
export class RequestPath {
  /** Normalised, without query; in lower case where letter case does not count. */
  readonly routed: string;
  /** Normalised, without query. */
  readonly normal: string;
  /** From the question mark on; empty for none. */
  readonly query: string;
  /** As it came, without query. */
  readonly raw: string;

  constructor(raw: string, query: string, normal: string, caseSensitive: boolean) {
    this.raw = raw;
    this.query = query;
    this.normal = normal;
    this.routed = caseSensitive ? normal : normal.toLowerCase();
  }

  /** The same path as if it had come normalised. */
  asNormal(): RequestPath {
    return new RequestPath(this.normal, this.query, this.normal, this.routed === this.normal);
  }

  /** Whether it came in its normalised form. */
  get isNormal(): boolean {
    return this.raw === this.normal;
  }
}

/**
 * Reads the path of a request: without percent-encoding that is not needed, path parameters, doubled slashes
 * and dot segments, in this order. O(length).
 * @param target - path and query
 * @returns `undefined` if the path has no reading that is safe: a dot segment beside an encoded slash or
 * a backslash, or an encoded slash where those are refused
 * @see RFC 3986 section 6.2.2
 */
export function readPath(
  target: string,
  { encodedSlash, caseSensitive }: PathRules,
): RequestPath | undefined {
  const plainEnd = endOfPlain(target);
  if (plainEnd >= 0) {
    const raw = plainEnd === target.length ? target : target.slice(0, plainEnd);
    return new RequestPath(raw, target.slice(plainEnd), raw, caseSensitive);
  }
  const end = target.indexOf('?');
  const raw = end < 0 ? target : target.slice(0, end);
  if (encodedSlash === 'refuse' && ENCODED_SLASH.test(raw)) return undefined;
  if (HIDDEN_SLASH.test(raw) && hasHiddenDots(raw)) return undefined;
  const normal = normalised(encodedSlash === 'decode' ? raw.replace(ENCODED_SLASHES, '/') : raw);
  return new RequestPath(raw, end < 0 ? '' : target.slice(end), normal, caseSensitive);
}

const ENCODED_SLASH = /%2f/i;
const ENCODED_SLASHES = /%2f/gi;
const HIDDEN_SLASH = /\\|%2f|%5c/i;
const ANY_SLASH = /([/\\]|%2f|%5c)/i;

/** Where the path of a target ends that is normalised already; -1 for any other path. */
function endOfPlain(target: string): number {
  let before = 0;
  for (let index = 0; index < target.length; index++) {
    const kind = KINDS[target.charCodeAt(index)];
    if (kind === PLAIN) before = PLAIN;
    else if (kind === QUERY) return index;
    // Doubled slashes and segments that begin with a dot are rare: they take the long way.
    else if (kind === SLASH || kind === DOT) {
      if (before === SLASH) return -1;
      before = kind;
    } else return -1;
  }
  return target.length;
}

/** Whether there is a dot segment for servers alone that take an encoded slash or a backslash for a slash. */
function hasHiddenDots(path: string): boolean {
  // Segments and what separates them by turns.
  const parts = path.split(ANY_SLASH);
  return parts.some((part, index) => {
    if (index % 2 === 1 || !DOT_SEGMENT.test(part)) return false;
    return (parts[index - 1] ?? '/') !== '/' || (parts[index + 1] ?? '/') !== '/';
  });
}

/** A path in the form in which routes are compared. O(length). */
function normalised(path: string): string {
  return withoutDots(path.split('/').map((segment) => encodedSegment(withoutParameters(segment))));
}

/** The path of a route in that form. */
export function routedPath(path: string, caseSensitive: boolean): string {
  return caseSensitive ? normalised(path) : normalised(path).toLowerCase();
}

/**
 * A path with its beginning normalised and the rest as it came: what a rewrite takes the beginning from. An
 * empty segment after the beginning is left out, as the rest becomes a path of its own, and `//host` would be
 * a URL.
 * @param prefix - the beginning, as a route has it
 * @returns `undefined` if dot segments change the rest, or a backslash is in it
 */
export function withRawRest({ raw, normal }: RequestPath, prefix: string): string | undefined {
  if (raw === normal) return raw;
  if (raw.includes('\\')) return undefined;
  const depth = prefix.split('/').filter((segment) => segment !== '').length;
  const beginning = normal.split('/').slice(1, depth + 1);
  const segments = raw.split('/').slice(1);
  let lastDots = segments.length - 1;
  while (lastDots >= 0 && !DOT_SEGMENT.test(segments[lastDots] as string)) lastDots--;
  const read: string[] = [];
  const isBegun = () => read.length === depth && read.every((segment, i) => segment === beginning[i]);
  let end = 0;
  while (end <= lastDots || !isBegun()) {
    if (end === segments.length) return undefined;
    const segment = encodedSegment(withoutParameters(segments[end++] as string));
    if (segment === '..') read.pop();
    else if (segment !== '' && segment !== '.') read.push(segment);
  }
  while (end < segments.length - 1 && withoutParameters(segments[end] as string) === '') end++;
  // A dot segment at the end is a slash.
  const rest = end === segments.length && lastDots === end - 1 ? [''] : segments.slice(end);
  return `/${[...beginning, ...rest].join('/')}`;
}

const DOT_SEGMENT = /^(?:\.|%2e){1,2}(?:;|$)/i;

function withoutParameters(segment: string): string {
  const end = segment.indexOf(';');
  return end < 0 ? segment : segment.slice(0, end);
}

/** With dot segments resolved and without empty segments; a slash at the end stays. */
function withoutDots(segments: readonly string[]): string {
  const left: string[] = [];
  for (const segment of segments) {
    if (segment === '..') left.pop();
    else if (segment !== '' && segment !== '.') left.push(segment);
  }
  const last = segments.at(-1);
  const isFolder = left.length > 0 && (last === '' || last === '.' || last === '..');
  return `/${left.join('/')}${isFolder ? '/' : ''}`;
}

/** A segment in which exactly those characters are percent-encoded that must be. */
export function encodedSegment(segment: string): string {
  let text = '';
  for (let index = 0; index < segment.length; index++) {
    const code = segment.charCodeAt(index);
    const kind = KINDS[code];
    if (kind === PLAIN || kind === DOT) text += segment[index];
    else if (code !== 37) text += escapeOf(segment[index] as string, code);
    else {
      const byte = byteAt(segment, index + 1);
      // A percent sign that encodes nothing must not begin to do so.
      if (byte < 0) text += '%25';
      else {
        text += KINDS[byte] === PLAIN || KINDS[byte] === DOT ? String.fromCharCode(byte) : escaped(byte);
        index += 2;
      }
    }
  }
  return text;
}

/** Targets have one character for each byte; those of `explain` may have more. */
function escapeOf(character: string, code: number): string {
  if (code < 256) return escaped(code);
  return [...Buffer.from(character)].map(escaped).join('');
}

function escaped(byte: number): string {
  return `%${HEX[byte >> 4]}${HEX[byte & 15]}`;
}

/** The byte that two hexadecimal digits stand for; -1 if they are none. */
function byteAt(text: string, index: number): number {
  const digits = text.slice(index, index + 2);
  return /^[\da-f]{2}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
}
