// Reads the entries of a backend pool: checks every form that is accepted and brings it to one,
// `BackendSpec`.

import type { BackendPoolEntry, BackendTraits } from '../contracts.ts';
import { isError } from '../errors.ts';
import { parsedUrl } from '../http/url.ts';
import type { Shape } from '../options/bag.ts';
import {
  aBoolean,
  aNumber,
  anInteger,
  aString,
  aText,
  checkRule,
  nearestHint,
  type Rule,
} from '../options/rule.ts';
import { shown } from '../shown.ts';
import { isUrl } from './entry-snapshot.ts';

/** A pool entry after it was checked: one form for all spellings. */
export interface BackendSpec {
  /** The id that the entry gives, or else the address. */
  readonly id: string;
  /** Base URL without a trailing slash; scheme, host and port are as they were written. */
  readonly url: string;
  /** The base URL in canonical form. All spellings of one address give the same text. */
  readonly address: string;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly backup: boolean;
  /** `undefined` if the entry does not say: then that of the pool counts. */
  readonly concurrency: number | undefined;
}

/** The highest weight. At 160 points for a weight of 1, one backend then has 160,000 points on the ring. */
const MAX_WEIGHT = 1_000;

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
    if (isError(error) && error.message.startsWith(where)) throw error;
    const reason = isError(error) ? error.message : shown(error);
    throw new TypeError(`${where} cannot be read: ${reason}`, { cause: error });
  }
}

/**
 * The spec of an entry that says what it said before. Takes a tenth of the time of reading it.
 * @param before - what was read, by id
 */
export function sameSpec(
  entry: BackendPoolEntry,
  before: ReadonlyMap<string, { readonly spec: BackendSpec }>,
): BackendSpec | undefined {
  if (before.size === 0 || typeof entry !== 'object' || entry === null || !('url' in entry)) return undefined;
  try {
    const { id, url, weight = 1, zone, backup = false, concurrency } = entry;
    const spec = before.get((id ?? url) as string)?.spec;
    const isSame =
      spec !== undefined &&
      url === spec.url &&
      (id ?? spec.address) === spec.id &&
      weight === spec.weight &&
      zone === spec.zone &&
      backup === spec.backup &&
      concurrency === spec.concurrency;
    if (!isSame) return undefined;
    for (const name in entry) if (!KNOWN_NAMES.has(name) && !DISCOVERED_NAMES.has(name)) return undefined;
    return spec;
  } catch {
    // A getter throws: the reading tells of it.
    return undefined;
  }
}

const FORMS = 'IPAddr and Port, url, or one of host, hostname and address with port';
/** Scheme, host and port of a URL that is written in the usual way. */
const ORIGIN = /^https?:\/\/[^\s/\\?#]*[^\s/\\?#:]/i;
/** `host:port`; an IPv6 address needs its brackets. */
const HOST_AND_PORT = /^(\[[^\]]*\]|[^\s/\\?#@%:[\]]+):(\d+)$/;

/**
 * The id that a text stands for: the canonical base URL if it is a base URL or `host:port` in any spelling,
 * else the text itself.
 */
export function canonicalId(text: string): string {
  if (!text.includes(':')) return text;
  try {
    return addressOf(readText(text, ''));
  } catch {
    return text;
  }
}

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

const aWeight: Rule = aNumber(
  `a number from 0 to ${MAX_WEIGHT}`,
  (weight) => weight >= 0 && weight <= MAX_WEIGHT,
);

/** @throws RangeError if a weight is not a number from 0 to 1,000 */
export function checkWeight(weight: number, where: string): number {
  checkRule(aWeight, weight, where);
  return weight;
}

/** How many requests a backend can work on at once. */
export const aConcurrency: Rule = anInteger(1, 1_000_000);

const TRAITS: Shape<BackendTraits> = {
  id: aText,
  weight: aWeight,
  zone: aString,
  backup: aBoolean,
  concurrency: aConcurrency,
};

const OPTIONAL_NAMES = [...Object.keys(TRAITS), 'protocol'];
const KNOWN_NAMES = new Set([...OPTIONAL_NAMES, 'IPAddr', 'Port', 'url', 'host', 'port']);
/** Names of discovered backends beside those of a pool. */
const DISCOVERED_NAMES = new Set(['address', 'draining']);

/** An entry may be an object of the host with further members: only a near miss of an option is a mistake. */
function checkSpelling(entry: object, where: string): void {
  for (const name of Object.keys(entry)) {
    const hint = KNOWN_NAMES.has(name) || name.length < 4 ? '' : nearestHint(name, OPTIONAL_NAMES);
    if (hint !== '') throw new TypeError(`${where}.${name} is not an option${hint}`);
  }
}

function specOf(url: string, traits: BackendTraits, where: string): BackendSpec {
  const { id, weight = 1, zone, backup = false, concurrency } = traits;
  for (const [name, rule] of Object.entries(TRAITS))
    if (traits[name as keyof BackendTraits] !== undefined)
      checkRule(rule, traits[name as keyof BackendTraits], `${where}.${name}`);
  checkSpelling(traits, where);
  const address = addressOf(url);
  return {
    id: id ?? address,
    url,
    address,
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
  const rule = 'must be host:port, or an http or https URL without user, query and fragment';
  const got = typeof text === 'string' ? shown(text.replace(/\/\/[^/]*@/, '//***@')) : shown(text);
  const url = typeof text === 'string' ? parsedUrl(text) : undefined;
  if (typeof text !== 'string' || url === undefined) throw new TypeError(`${where} ${rule}, got ${got}`);
  const plain = url.username === '' && url.password === '' && url.port !== '0' && !/[?#]/.test(text);
  if (!/^https?:$/.test(url.protocol) || !plain) throw new TypeError(`${where} ${rule}, got ${got}`);
  // The path is joined with those of requests, so that it must not have segments such as `..`.
  return withoutSlash((ORIGIN.exec(text)?.[0] ?? url.origin) + url.pathname);
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

/** The canonical form of a base URL: what the URL Standard makes of it, without the slash at the end. */
function addressOf(url: string): string {
  return withoutSlash(new URL(url).href);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
