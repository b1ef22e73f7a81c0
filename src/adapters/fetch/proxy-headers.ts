// Headers that the proxy handler passes on, in both directions.

import { codingsOf, isDecoded } from '../../http/codings.ts';
import { forwardedElement, forwardedNode } from '../../http/forwarded.ts';
import { listedNames, requestRole, responseRole } from '../../http/header-roles.ts';

/** The client of a request that is passed on. */
export interface ProxyClient {
  /** The client's address; `undefined` if it is not known. */
  readonly address: string | undefined;
  /** Whether its `Forwarded` and `X-Forwarded-*` are trusted. */
  readonly isTrusted: boolean;
  readonly requestId: string;
}

/** The pseudonym in `Via` (RFC 9110 section 7.6.3). */
const NAME = 'evenkeel';

/**
 * The request headers for a backend: without headers of one connection, with `Via`, `Forwarded` and
 * `X-Forwarded-*`.
 * @see RFC 9110 section 7.6, RFC 7239
 */
export function requestHeaders(request: Request, { address, isTrusted, requestId }: ProxyClient): Headers {
  const listed = listedNames(request.headers.get('connection') ?? '') ?? [];
  const headers = new Headers();
  for (const [name, value] of request.headers) {
    const role = requestRole(name);
    const isForwarded = role === 'forwarded' || role?.startsWith('x-forwarded');
    const isPassed =
      role === undefined || role === 'via' || role === 'max-forwards' || (isTrusted && isForwarded);
    if (isPassed && !listed.includes(name)) headers.append(name, value);
  }
  const { protocol, host } = new URL(request.url);
  const scheme = protocol.slice(0, -1);
  // `fetch` would decode an encoded body.
  headers.set('accept-encoding', 'identity');
  headers.set('x-request-id', requestId);
  headers.append('via', `1.1 ${NAME}`);
  if (address !== undefined) headers.append('x-forwarded-for', address);
  if (!headers.has('x-forwarded-proto')) headers.set('x-forwarded-proto', scheme);
  if (!headers.has('x-forwarded-host')) headers.set('x-forwarded-host', host);
  headers.append('forwarded', forwardedElement(forwardedNode(address), host, scheme));
  return headers;
}

/**
 * The response headers for the client: without headers of one connection, and without a content coding that
 * `fetch` has decoded.
 * @returns `undefined` if the body has a coding that some platforms decode and others do not
 */
export function responseHeaders({ headers, body }: Response): Headers | undefined {
  const listed = listedNames(headers.get('connection') ?? '') ?? [];
  const passed = new Headers();
  for (const [name, value] of headers) {
    const role = responseRole(name);
    const isPassed = role === undefined || role === 'content-length' || role === 'date';
    if (isPassed && !listed.includes(name)) passed.append(name, value);
  }
  const codings = codingsOf(headers.get('content-encoding'));
  if (body === null || codings.length === 0) return passed;
  if (!codings.every(isDecoded)) return undefined;
  passed.delete('content-encoding');
  passed.delete('content-length');
  return passed;
}
