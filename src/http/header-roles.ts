// The role of each header for a proxy: headers of one connection, and headers that a proxy reads or writes.

/** Headers of one connection, whatever the message (RFC 9110 section 7.6.1). */
export const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers that are not passed on: those of the connection, and credentials for the next proxy alone. */
export const HOP_HEADERS: ReadonlySet<string> = new Set([
  ...CONNECTION_HEADERS,
  'proxy-authenticate',
  'proxy-authorization',
]);

/** The role of a request header for a proxy. */
export type RequestRole =
  /** A header of one connection: not passed on (RFC 9110 section 7.6.1). */
  | 'hop'
  | 'connection'
  | 'host'
  | 'content-length'
  | 'transfer-encoding'
  | 'expect'
  | 'upgrade'
  | 'via'
  /** The origin of a request: passed on only if the peer is trusted. */
  | 'forwarded'
  | 'x-forwarded-for'
  | 'x-forwarded-proto'
  | 'x-forwarded-host'
  | 'x-forwarded-other'
  /** Any other name that begins so, such as `X-Forwarded-User`: an application may believe it. */
  | 'x-forwarded-any'
  | 'max-forwards'
  | 'request-id';

const REQUEST_ROLES = new Map<string, RequestRole>([
  ...[...HOP_HEADERS].map((name) => [name, 'hop'] as const),
  ['connection', 'connection'],
  ['upgrade', 'upgrade'],
  ['transfer-encoding', 'transfer-encoding'],
  ['content-length', 'content-length'],
  ['host', 'host'],
  ['expect', 'expect'],
  ['via', 'via'],
  ['forwarded', 'forwarded'],
  ['x-forwarded-for', 'x-forwarded-for'],
  ['x-forwarded-proto', 'x-forwarded-proto'],
  ['x-forwarded-host', 'x-forwarded-host'],
  ['x-forwarded-port', 'x-forwarded-other'],
  ['x-forwarded-server', 'x-forwarded-other'],
  ['x-real-ip', 'x-forwarded-other'],
  ['max-forwards', 'max-forwards'],
  ['x-request-id', 'request-id'],
]);

/**
 * End-to-end headers that are passed on even if `Connection` lists them, as applications and we rely on them.
 */
const PROTECTED = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'cookie',
  'set-cookie',
  'authorization',
  'cache-control',
  'range',
]);

/** 1 at the lengths of names with a role: a name of any other length has none. */
const REQUEST_LENGTHS = lengthsOf(REQUEST_ROLES.keys());
const RESPONSE_LENGTHS = lengthsOf([...HOP_HEADERS, 'content-length', 'date']);

/**
 * The role of a request header; `undefined` for an ordinary one. An underscore counts as a hyphen, as many
 * applications treat `X_Forwarded_For` like `X-Forwarded-For`.
 */
export function requestRole(name: string): RequestRole | undefined {
  if (REQUEST_LENGTHS[name.length] !== 1) return forwardedRole(name);
  const lower = name.toLowerCase();
  const role = REQUEST_ROLES.get(lower);
  if (role !== undefined) return role;
  return lower.includes('_') && REQUEST_ROLES.has(lower.replaceAll('_', '-')) ? 'hop' : forwardedRole(name);
}

function forwardedRole(name: string): RequestRole | undefined {
  // 120 and 88 are `x` and `X`: nearly all other names end here.
  if ((name.charCodeAt(0) | 32) !== 120 || !FORWARDED.test(name)) return undefined;
  return name.includes('_') ? 'hop' : 'x-forwarded-any';
}

const FORWARDED = /^x[-_]forwarded[-_]/i;

/** The role of a response header; `undefined` for an ordinary one. */
export function responseRole(
  name: string,
): 'hop' | 'connection' | 'transfer-encoding' | 'content-length' | 'date' | undefined {
  if (RESPONSE_LENGTHS[name.length] !== 1) return undefined;
  const lower = name.toLowerCase();
  if (
    lower === 'connection' ||
    lower === 'transfer-encoding' ||
    lower === 'content-length' ||
    lower === 'date'
  )
    return lower;
  return HOP_HEADERS.has(lower) ? 'hop' : undefined;
}

/** The headers that `Connection` lists as belonging to the connection, in lower case; `undefined` if none. */
export function listedNames(connection: string): string[] | undefined {
  // Nearly every value is one of these two.
  if (connection === 'keep-alive' || connection === 'close') return undefined;
  const names = connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'keep-alive' && name !== 'close' && !PROTECTED.has(name));
  return names.length === 0 ? undefined : names;
}

/** Removes headers. @param headers - a flat list of names and values */
export function without(headers: readonly string[], names: readonly string[]): string[] {
  const left: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (!names.includes(name.toLowerCase())) left.push(name, headers[index + 1] as string);
  }
  return left;
}

function lengthsOf(names: Iterable<string>): Uint8Array {
  const lengths = new Uint8Array(64);
  for (const name of names) lengths[name.length] = 1;
  return lengths;
}
