import { codingsOf, isDecoded } from '../../http/codings.ts';
import { forwardedElement, forwardedNode } from '../../http/forwarded.ts';
import { listedNames, requestRole, responseRole } from '../../http/header-roles.ts';

/** Where a request that is passed on came from. */
export interface ProxyClient {
  /** `undefined` where nobody knows. */
  readonly address: string | undefined;
  /** Whether what it says of earlier hops is believed. */
  readonly isTrusted: boolean;
  readonly requestId: string;
}

/** The pseudonym in `Via` (RFC 9110 section 7.6.3). */
const NAME = 'evenkeel';

/**
 * What a backend gets: without what speaks of one connection, with `Via`, `Forwarded` and `X-Forwarded-*`.
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
  // `fetch` decodes whatever comes coded.
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
 * What the client gets: without what speaks of one connection, and of a coding that `fetch` has undone.
 * @returns `undefined` where the body has a coding that not every platform knows, so that nobody can tell whether it was undone
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
