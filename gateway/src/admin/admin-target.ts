import type { IncomingMessage } from 'node:http';
import { canonicalHost } from '../config/host-names.ts';
import { badRequest } from './admin-error.ts';

/** What a request is for. */
export interface AdminTarget {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Host and port as the client named them; `undefined` where it named none, as HTTP/1.0 allows. */
  readonly authority: string | undefined;
}

/** @throws AdminError where the target or the host cannot be understood */
export function targetOf({ url = '', headers, headersDistinct }: IncomingMessage): AdminTarget {
  if ((headersDistinct.host?.length ?? 0) > 1) throw badRequest('there is more than one Host');
  if (url.startsWith('/')) return { ...splitTarget(url), authority: headers.host };
  // The absolute form, which servers must understand; its host counts (RFC 9112 section 3.2.2).
  const [, authority, rest = ''] = /^http:\/\/([^/?#]+)(.*)$/i.exec(url) ?? [];
  if (authority === undefined) throw badRequest('the request target must be a path');
  return { ...splitTarget(rest.startsWith('/') ? rest : `/${rest}`), authority };
}

/**
 * The host of an authority without its port, in its one form.
 * @returns `undefined` where it is none
 */
export function hostOf(authority: string): string | undefined {
  return canonicalHost(authority.replace(/:\d*$/, ''));
}

function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const question = target.indexOf('?');
  if (question < 0) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, question), query: new URLSearchParams(target.slice(question + 1)) };
}
