// Reads the target and the host of a call to the admin listener.
import type { IncomingMessage } from 'node:http';
import { canonicalHost } from '../config/host-names.ts';
import { badRequest } from './admin-error.ts';

/** Path, query and host of a request. */
export interface AdminTarget {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Host and port as the client sent them; `undefined` without any, which HTTP/1.0 allows. */
  readonly authority: string | undefined;
}

/** @throws AdminError if the target or the host is invalid */
export function targetOf({ url = '', headers, headersDistinct }: IncomingMessage): AdminTarget {
  if ((headersDistinct.host?.length ?? 0) > 1) throw badRequest('there is more than one Host');
  if (url.startsWith('/')) return { ...splitTarget(url), authority: headers.host };
  // The absolute form, which servers must accept; its host counts (RFC 9112 section 3.2.2).
  const [, authority, rest = ''] = /^http:\/\/([^/?#]+)(.*)$/i.exec(url) ?? [];
  if (authority === undefined) throw badRequest('the request target must be a path');
  return { ...splitTarget(rest.startsWith('/') ? rest : `/${rest}`), authority };
}

/**
 * The host of an authority without its port, in canonical form.
 * @returns `undefined` if it is invalid
 */
export function hostOf(authority: string): string | undefined {
  return canonicalHost(authority.replace(/:\d*$/, ''));
}

function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const question = target.indexOf('?');
  if (question < 0) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, question), query: new URLSearchParams(target.slice(question + 1)) };
}
