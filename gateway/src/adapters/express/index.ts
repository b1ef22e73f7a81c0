// The adapter for Express and Connect.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { aBoolean, bag, checkBag } from 'evenkeel/internal';
import type { NodeProxy, NodeProxyConfig } from '../../proxy.ts';
import { mountedProxy } from '../mounted-proxy.ts';

/** Settings of a {@link ProxyMiddleware}. */
export interface ProxyMiddlewareOptions {
  /**
   * Whether backends get the full path, including the mount path of the middleware.
   * @defaultValue false
   */
  readonly keepMountPath?: boolean;
}

const OPTIONS = bag<ProxyMiddlewareOptions>({ keepMountPath: aBoolean });

/**
 * A middleware for Express, Connect and compatible servers. It responds to every request; `next` is called
 * only with errors.
 */
export interface ProxyMiddleware {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void;
  /** The proxy: statistics, and changes of the pool at run time. */
  readonly proxy: NodeProxy;
  /** Ends health checks and connections, unless the host passed its own proxy. */
  close(): void;
}

/**
 * Creates a middleware that passes requests on to a pool, as the gateway does. Put it before body parsers:
 * bodies stream through.
 *
 * @example
 * ```ts
 * app.use('/catalogue', proxyMiddleware({ backends: ['http://10.0.0.1:8080', 'http://10.0.0.2:8080'] }));
 * ```
 * @param proxy - the configuration of a pool, or a proxy that may be shared
 * @throws ConfigError if the configuration is invalid
 */
export function proxyMiddleware(
  proxy: NodeProxy | NodeProxyConfig,
  options: ProxyMiddlewareOptions = {},
): ProxyMiddleware {
  checkBag(options, OPTIONS, '', 'proxyMiddleware');
  const { keepMountPath = false } = options;
  const mounted = mountedProxy(proxy);
  const handle = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => {
    const { url = '/', originalUrl = url } = request as IncomingMessage & { originalUrl?: string };
    try {
      mounted.handle(request, response, keepMountPath ? originalUrl : url);
    } catch (error) {
      next(error);
    }
  };
  const close = () => {
    if (mounted.isOwn) mounted.proxy.close();
  };
  return Object.assign(handle, { proxy: mounted.proxy, close });
}
