// Reads the rare forms of a request target.
import { type Authority, readAuthority } from './authority.ts';

/** The target of a request. */
export interface RequestTarget {
  /** Path and query, byte by byte as received: the same text is routed and forwarded. */
  readonly path: string;
  /** The authority of a target in absolute form; it overrides `Host` (RFC 9112 section 3.2.2). */
  readonly authority: Authority | undefined;
}

/**
 * Reads a target that neither begins with a slash nor has a fragment: the absolute form (RFC 9112 section
 * 3.2.2), or `*` of `OPTIONS` (section 3.2.4).
 * @returns `undefined` if it is neither
 */
export function readUnusualTarget(target: string, method: string): RequestTarget | undefined {
  if (target === '*') return method === 'OPTIONS' ? { path: '*', authority: undefined } : undefined;
  const scheme = /^https?:\/\//i.exec(target)?.[0];
  if (scheme === undefined) return undefined;
  const rest = target.slice(scheme.length);
  const end = rest.search(/[/?]/);
  const authority = readAuthority(end < 0 ? rest : rest.slice(0, end));
  if (authority === undefined || authority.host === '') return undefined;
  const path = end < 0 ? '/' : rest.slice(end);
  return { path: path.startsWith('/') ? path : `/${path}`, authority };
}
