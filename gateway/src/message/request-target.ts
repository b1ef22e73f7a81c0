import { type Authority, readAuthority } from './authority.ts';

/** What a request is for. */
export interface RequestTarget {
  /** Path with its query, byte by byte as it came: what is routed by is what is forwarded. */
  readonly path: string;
  /** From a target in absolute form; it comes before `Host` (RFC 9112 section 3.2.2). */
  readonly authority: Authority | undefined;
}

/**
 * Reads a target that does not begin with a slash, and has no fragment: the absolute form (RFC 9112 section 3.2.2), or `*` of `OPTIONS` (section 3.2.4).
 * @returns `undefined` where it is neither
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
