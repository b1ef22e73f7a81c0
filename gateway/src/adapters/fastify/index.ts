// The adapter for Fastify.

import { aBoolean, checkRule, nearestHint } from 'evenkeel/internal';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { NodeProxy, NodeProxyConfig } from '../../proxy.ts';
import { mountedProxy } from '../mounted-proxy.ts';

/** Settings of {@link fastifyProxy}. */
export interface FastifyProxyOptions {
  /** The configuration of a pool, or a proxy that may be shared. */
  readonly proxy: NodeProxy | NodeProxyConfig;
  /** Whether backends get the full path, including the plugin's prefix. @defaultValue false */
  readonly keepPrefix?: boolean;
}

/**
 * Checks the plugin's own options. Fastify adds others, such as `prefix`, so only misspelt own names are
 * errors.
 */
function checkOwn(options: FastifyProxyOptions): void {
  const names = ['proxy', 'keepPrefix'];
  for (const name of Object.keys(options)) {
    const hint = names.includes(name) ? '' : nearestHint(name, names);
    if (hint !== '') throw new TypeError(`${name} is not an option${hint}`);
  }
  if (options.keepPrefix !== undefined) checkRule(aBoolean, options.keepPrefix, 'keepPrefix');
}

/**
 * A Fastify plugin that passes every request below its `prefix` on to a pool, as the gateway does. Bodies are
 * streamed; within the plugin they are not parsed. Hooks run, and the headers that they set are sent, but
 * hooks for payloads have no effect.
 *
 * @example
 * ```ts
 * app.register(fastifyProxy, { prefix: '/catalogue', proxy: { backends: ['http://10.0.0.1:8080'] } });
 * ```
 */
export const fastifyProxy: FastifyPluginAsync<FastifyProxyOptions> = async (app, options) => {
  checkOwn(options);
  const mounted = mountedProxy(options.proxy);
  const prefix = beginning(app.prefix);
  const handle = (request: FastifyRequest, reply: FastifyReply) => {
    const url = request.raw.url ?? '/';
    const target = options.keepPrefix === true ? url : below(prefix, url);
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    mounted.handle(request.raw, reply.raw, target);
    reply.hijack();
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
  for (const url of ['/', '/*']) app.route({ method: app.supportedMethods, url, handler: handle });
  app.addHook('onClose', async () => {
    if (mounted.isOwn) mounted.proxy.close();
  });
};

/**
 * The beginning of a target that matches a prefix: an origin, if the target has one, and as many segments as
 * the prefix. Their spelling may differ from the prefix, which may have parameters, and the router may ignore
 * case.
 */
function beginning(prefix: string): RegExp {
  const segments = prefix.split('/').filter((segment) => segment !== '').length;
  return new RegExp(`^([a-z]+://[^/?#]*)?(?:/+[^/?#]+){${segments}}`, 'i');
}

/** A target without its prefix. */
function below(prefix: RegExp, url: string): string {
  const [matched, origin = ''] = prefix.exec(url) ?? [''];
  const rest = url.slice(matched.length);
  return origin + (rest.startsWith('/') ? rest : `/${rest}`);
}
