import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkRule, isObject, type Rule } from 'evenkeel/internal';
import { createProxy, type NodeProxy, type NodeProxyConfig } from '../proxy.ts';

/** A proxy within a server that somebody else has built. */
export interface MountedProxy {
  readonly proxy: NodeProxy;
  /** Whether it was made here, so that it is closed here. */
  readonly isOwn: boolean;
  /**
   * Passes a request on and answers it.
   * @param target - the path with its query that the backend gets
   * @throws Error where the body was read before, or the request came over HTTP/2
   */
  handle(request: IncomingMessage, response: ServerResponse, target: string): void;
}

const A_PROXY: Rule = {
  words: "the configuration of a pool, such as { backends: ['http://10.0.0.1:8080'] }, or a proxy",
  holds: isObject,
};

/** @throws TypeError where it is neither; ConfigError where the configuration cannot be used */
export function mountedProxy(given: NodeProxy | NodeProxyConfig): MountedProxy {
  checkRule(A_PROXY, given, 'proxy');
  const isProxy = 'handle' in given;
  const proxy = isProxy ? given : createProxy(given);
  return {
    proxy,
    isOwn: !isProxy,
    handle(request, response, target) {
      if (request.httpVersionMajor > 1) throw new Error('the proxy takes requests over HTTP/1 alone here');
      if ((request.readableDidRead || request.readableEnded) && hasBody(request))
        throw new Error(
          'the body was read before the request came to the proxy: put the proxy before body parsers',
        );
      // Middlewares that wait for the head put a function of theirs there, and not all of them know headers
      // that are a flat list.
      const isWatched = Object.hasOwn(response, 'writeHead');
      if (isWatched || response.getHeaderNames().length > 0) addToHeaders(response);
      const { url } = request;
      // The proxy reads it before it returns; whoever logs the request afterwards finds what came.
      request.url = target;
      try {
        proxy.handle(request, response);
      } finally {
        if (url !== undefined) request.url = url;
      }
    },
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Lets headers that were set before go out with those of the answer, which come in their place where the
 * names are equal. Where both are there, node:http would send only the last of several headers of one name.
 */
function addToHeaders(response: ServerResponse): void {
  const writeHead: (status: number, statusText: string) => ServerResponse = response.writeHead;
  const replaced = (status: number, statusText: string, headers: readonly string[]) => {
    const fields = new Map<string, { name: string; values: string[] }>();
    for (let index = 0; index < headers.length; index += 2) {
      const [name, value] = [headers[index] as string, headers[index + 1] as string];
      const field = fields.get(name.toLowerCase());
      if (field === undefined) fields.set(name.toLowerCase(), { name, values: [value] });
      else field.values.push(value);
    }
    for (const { name, values } of fields.values())
      response.setHeader(name, values.length === 1 ? (values[0] as string) : values);
    return writeHead.call(response, status, statusText);
  };
  Object.assign(response, { writeHead: replaced });
}
