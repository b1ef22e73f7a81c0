// Reads the entries of a backend pool: checks every form that is accepted and brings it to one,
// `BackendSpec`.

import type { BackendPoolEntry, BackendTraits } from '../contracts.ts';
import { parsedUrl } from '../http/url.ts';
import { shown } from '../shown.ts';

/** A pool entry after it was checked: one form for all spellings. */
export interface BackendSpec {
  readonly id: string;
  /** Base URL without a trailing slash. */
  readonly url: string;
  /** The base URL in canonical form. Two spellings of one address give the same text. */
  readonly address: string;
  /** Whether the entry gave an id; otherwise the id is the base URL. */
  readonly named: boolean;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly backup: boolean;
  /** `undefined` if the entry does not say: then that of the pool counts. */
  readonly concurrency: number | undefined;
}

/** The highest weight. At 160 points for a weight of 1, one backend then has 160,000 points on the ring. */
const MAX_WEIGHT = 1_000;
const MAX_CONCURRENCY = 1_000_000;

/**
 * Reads one entry of a pool.
 * @param where - how error messages name the entry, for example `backendPool[2]`
 * @throws TypeError or RangeError that names the place, the rule and the value
 */
export function readEntry(entry: BackendPoolEntry, where: string): BackendSpec {
  try {
    return readForm(entry, where);
  } catch (error) {
    // Errors thrown by this file begin with the place. Any other error comes from a getter of the entry
    // itself.
    if (error instanceof Error && error.message.startsWith(where)) throw error;
    const reason = error instanceof Error ? error.message : shown(error);
    throw new TypeError(`${where} cannot be read: ${reason}`, { cause: error });
  }
}

const FORMS = 'IPAddr and Port, url, or one of host, hostname and address with port';
/** `host:port`; an IPv6 address needs its brackets. */
const HOST_AND_PORT = /^(\[[^\]]*\]|[^\s/\\?#@%:[\]]+):(\d+)$/;

function readForm(entry: BackendPoolEntry, where: string): BackendSpec {
  if (typeof entry === 'string') return specOf(readText(entry, where), {}, where);
  if (typeof entry !== 'object' || entry === null)
    throw new TypeError(`${where} must be a URL, host:port, or an object with ${FORMS}, got ${shown(entry)}`);
  if (isUrl(entry)) return specOf(readText(entry.href, where), {}, where);
  if ('IPAddr' in entry) {
    const { IPAddr, Port } = entry;
    return specOf(readHostPort(IPAddr, Port, 'http', `${where}.IPAddr`, `${where}.Port`), entry, where);
  }
  if ('url' in entry) {
    const { url } = entry;
    const text = isUrl(url) ? url.href : url;
    return specOf(readText(text, `${where}.url`), entry, where);
  }
  const name = HOST_NAMES.find((name) => name in entry);
  if (name === undefined) throw new TypeError(`${where} must have ${FORMS}, got ${shown(entry)}`);
  const { [name]: host, port, protocol = 'http' } = entry as AnyHost;
  if (protocol !== 'http' && protocol !== 'https')
    throw new TypeError(`${where}.protocol must be "http" or "https", got ${shown(protocol)}`);
  return specOf(readHostPort(host, port, protocol, `${where}.${name}`, `${where}.port`), entry, where);
}

/** What Node.js and its libraries call the host of an address. */
const HOST_NAMES = ['host', 'hostname', 'address'] as const;
type AnyHost = { readonly [name in (typeof HOST_NAMES)[number] | 'port' | 'protocol']?: unknown };

/** Whether a value is a `URL`, of this realm or of another one. */
function isUrl(value: unknown): value is URL {
  return Object.prototype.toString.call(value) === '[object URL]';
}

/** @throws RangeError if the weight is not a number from 0 to 1,000 */
export function checkWeight(weight: unknown, where: string): number {
  if (typeof weight !== 'number' || !(weight >= 0 && weight <= MAX_WEIGHT)) {
    throw new RangeError(`${where} must be a number from 0 to ${MAX_WEIGHT}, got ${shown(weight)}`);
  }
  return weight;
}

/** @throws RangeError if the concurrency is not an integer from 1 to 1,000,000 */
export function checkConcurrency(concurrency: unknown, where: string): number {
  const isInteger = typeof concurrency === 'number' && Number.isInteger(concurrency);
  if (!isInteger || concurrency < 1 || concurrency > MAX_CONCURRENCY)
    throw new RangeError(
      `${where} must be an integer from 1 to ${MAX_CONCURRENCY}, got ${shown(concurrency)}`,
    );
  return concurrency;
}

function specOf(
  url: string,
  { id, weight = 1, zone, backup = false, concurrency }: BackendTraits,
  where: string,
): BackendSpec {
  if (id !== undefined && (typeof id !== 'string' || id === '')) {
    throw new TypeError(`${where}.id must be a string with at least one character, got ${shown(id)}`);
  }
  if (zone !== undefined && typeof zone !== 'string')
    throw new TypeError(`${where}.zone must be a string, got ${shown(zone)}`);
  if (typeof backup !== 'boolean')
    throw new TypeError(`${where}.backup must be true or false, got ${shown(backup)}`);
  checkWeight(weight, `${where}.weight`);
  if (concurrency !== undefined) checkConcurrency(concurrency, `${where}.concurrency`);
  return {
    id: id ?? url,
    url,
    address: withoutSlash(new URL(url).href),
    named: id !== undefined,
    weight,
    zone,
    backup,
    concurrency,
  };
}

function readText(text: unknown, where: string): string {
  const [, host, port] = (typeof text === 'string' && HOST_AND_PORT.exec(text)) || [];
  return host === undefined ? readUrl(text, where) : readHostPort(host, port, 'http', where, where);
}

function readUrl(text: unknown, where: string): string {
  const rule = 'must be an http or https URL without user, query and fragment';
  const got = typeof text === 'string' ? shown(text.replace(/\/\/[^/]*@/, '//***@')) : shown(text);
  const url = typeof text === 'string' ? parsedUrl(text) : undefined;
  if (typeof text !== 'string' || url === undefined) throw new TypeError(`${where} ${rule}, got ${got}`);
  const plain = url.username === '' && url.password === '' && url.port !== '0' && !/[?#]/.test(text);
  if (!/^https?:$/.test(url.protocol) || !plain) throw new TypeError(`${where} ${rule}, got ${got}`);
  return withoutSlash(url.origin + url.pathname);
}

function readHostPort(
  host: unknown,
  port: unknown,
  protocol: string,
  hostWhere: string,
  portWhere: string,
): string {
  const number = typeof port === 'string' && /^[1-9]\d*$/.test(port) ? Number(port) : port;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new RangeError(`${portWhere} must be an integer from 1 to 65535, got ${shown(port)}`);
  }
  const text = typeof host === 'string' && host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  // The URL parser would read these characters as a path, port, query or credentials.
  const isHost = typeof text === 'string' && text !== '' && !/[\s/\\?#@%]|:(?!.*\]$)/.test(text);
  if (!isHost || parsedUrl(`${protocol}://${text}:${number}`) === undefined) {
    throw new TypeError(`${hostWhere} must be an IP address or a host name, got ${shown(host)}`);
  }
  return `${protocol}://${text}:${number}`;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
