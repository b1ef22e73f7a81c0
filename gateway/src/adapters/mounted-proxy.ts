// A proxy that is mounted in a server of the host; shared by the adapters for Express and Fastify.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkRule, isObject, type Rule } from 'evenkeel/internal';
import { createProxy, type NodeProxy, type NodeProxyConfig } from '../proxy.ts';

/** A proxy within a server of the host. */
export interface MountedProxy {
  readonly proxy: NodeProxy;
  /** Whether the adapter created the proxy, and so closes it. */
  readonly isOwn: boolean;
  /**
   * Passes a request on and sends the response.
   * @param target - path and query for the backend
   * @throws Error if the body was read before, or the request uses HTTP/2
   */
  handle(request: IncomingMessage, response: ServerResponse, target: string): void;
}

const A_PROXY: Rule = {
  words: "the configuration of a pool, such as { backends: ['http://10.0.0.1:8080'] }, or a proxy",
  holds: isObject,
};

/**
 * @throws TypeError if it is neither a configuration nor a proxy; ConfigError if the configuration is invalid
 */
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
      // Middlewares replace `writeHead` to modify headers, and not all of them support a flat list of
      // headers.
      const isWatched = Object.hasOwn(response, 'writeHead');
      if (isWatched || response.getHeaderNames().length > 0) addToHeaders(response);
      const { url } = request;
      // The proxy reads the target synchronously. It is restored for code of the host that logs the request
      // later.
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
 * Combines headers that were set before with those of the response, which replace headers of the same name.
 * Otherwise node:http would send only the last of several headers of one name.
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
