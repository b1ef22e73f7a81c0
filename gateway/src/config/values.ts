// Kinds of values that several parts of the schema share.
import { MAX_TIMEOUT_MS, readEntry, TOKEN } from 'evenkeel/internal';
import { z } from 'zod';
import { handedOver } from './handed-over.ts';
import { canonicalHost, canonicalPattern, isHost, isHostName, isNetwork } from './host-names.ts';
import { socketPath } from './unix-socket.ts';

/** Milliseconds that a platform timer can hold; integers, as platform timers round others. */
export const duration = z.int().min(1).max(MAX_TIMEOUT_MS);
/** Milliseconds, where 0 turns something off. */
export const durationOrOff = z.int().min(0).max(MAX_TIMEOUT_MS);
export const port = z.int().min(0).max(65_535);
export const count = z.int().min(1);
export const ratio = z.number().min(0).max(1);
export const text = z.string().min(1);

// Where a pattern or a function decides, `rule` says in words what is allowed, for messages and the
// documentation.

/** RFC 9110 section 5.6.2. */
export const token = z.string().regex(TOKEN).meta({ rule: 'a token (RFC 9110 section 5.6.2)' });
/** A header value: no control characters but the tab (RFC 9110 section 5.5). */
export const headerValue = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  .regex(/^[^\x00-\x08\x0a-\x1f\x7f]*$/)
  // A header value may hold a password.
  .meta({ rule: 'a string without control characters', secret: true });
/** The name of a pool: it appears in metrics, in logs and in URLs of the admin listener. */
export const poolName = z
  .string()
  .regex(/^[\w.-]{1,64}$/)
  .meta({ rule: '1 to 64 letters, digits, "_", "." and "-"' });
/** A path as clients send it. */
export const path = z
  .string()
  .regex(/^\/[!-~]*$/)
  .regex(/^[^?#]*$/)
  .meta({ rule: 'a path that begins with "/", percent-encoded, without query and fragment' });
/** Path and query with variables, for patterns of paths. */
export const pathTemplate = z
  .string()
  .regex(/^\/[!-~]*$/)
  .regex(/^[^#]*$/)
  .meta({ rule: 'a path that begins with "/", with variables such as {id} and, at the end, {rest*}' });
/** A method, as it stands in requests. */
export const method = z
  .string()
  .regex(/^[A-Z]+(?:-[A-Z]+)*$/)
  .meta({ rule: 'a method in capitals such as "GET"' });
/** `host:port`, as other proxies write a backend. */
const HOST_AND_PORT = /^(?:\[[^\]]*\]|[^\s/\\?#@%:[\]]+):\d+$/;
export const BACKEND_URL_RULE =
  'host:port, :port, unix:/path, or an http or https URL without user, query and fragment';
/** What a backend is written as. The engine checks the rest. */
export const backendUrl = z
  .string()
  .overwrite(writtenAsUrl)
  .refine(isBackendUrl)
  .meta({ rule: BACKEND_URL_RULE });
/** A route's host, in the canonical form of requests. */
export const hostPattern = z
  .string()
  .overwrite((pattern) => canonicalPattern(pattern) ?? pattern)
  .refine((pattern) => canonicalPattern(pattern) !== undefined)
  .meta({ rule: 'a host name such as shop.example or *.shop.example, or an IP address, without a port' });
/** The host of a redirect: one host, in canonical form. */
export const redirectHost = z
  .string()
  .overwrite((host) => canonicalHost(host) ?? host)
  .refine((host) => canonicalHost(host) !== undefined)
  .meta({ rule: 'a host name such as www.shop.example, or an IP address, without a port' });
/** The name of a listener. */
export const listenerName = z
  .string()
  .regex(/^[\w.-]{1,64}$/)
  .meta({ rule: '1 to 64 letters, digits, "_", "." and "-"' });
/** The address of the listener for operators: a host, or a socket that was handed over. */
export const adminAddress = z
  .string()
  .refine((text) => isHost(text) || handedOver(text) !== undefined)
  .meta({ rule: 'an IP address or a host name, without brackets and port' });
/** The address of a listener for clients: a host, a unix socket, or a socket that was handed over. */
export const listenerAddress = z
  .string()
  .refine((text) => isHost(text) || socketPath(text) !== undefined || handedOver(text) !== undefined)
  .meta({ rule: 'an IP address or a host name, without brackets and port, or unix:/path, or fd:3' });
export const serverName = z.string().refine(isHostName).meta({ rule: 'a host name' });
/** Any peer of a unix socket, also as nginx writes it. */
const UNIX = /^unix:?$/;
export const network = z
  .string()
  .refine((text) => UNIX.test(text) || isNetwork(text))
  .meta({ rule: 'an IP address, a network such as 10.0.0.0/8, or unix' });
/** PEM text, or the path of a PEM file, relative to the configuration file. */
export const pem = z.string().min(1).meta({ rule: 'PEM text or the path of a PEM file', secret: true });

/** The places that a secret is read from. */
export const secretSources = [
  text,
  z.strictObject({ env: text.describe('Name of an environment variable.') }),
  z.strictObject({ file: text.describe('Path of a file; line ends at the end of the file are ignored.') }),
] as const;
/** A secret as it is, from an environment variable, or from a file. */
export const secret = z
  .union(secretSources)
  .meta({ rule: 'a string, { env: NAME } or { file: PATH }', secret: true });

/** A port alone is one of this machine; any other text stays. */
export function portAsUrl(text: string): string {
  return /^:\d+$/.test(text) ? `http://localhost${text}` : text;
}

function writtenAsUrl(text: string): string {
  return HOST_AND_PORT.test(text) ? `http://${text}` : portAsUrl(text);
}

function isBackendUrl(url: string): boolean {
  if (url.startsWith('unix:')) return socketPath(url) !== undefined;
  try {
    readEntry(url, 'url');
    return true;
  } catch {
    return false;
  }
}
