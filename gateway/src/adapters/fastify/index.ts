import { aBoolean, checkRule, nearestHint } from 'evenkeel/internal';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { NodeProxy, NodeProxyConfig } from '../../proxy.ts';
import { mountedProxy } from '../mounted-proxy.ts';

/** Settings of {@link fastifyProxy}. */
export interface FastifyProxyOptions {
  /** A pool's configuration, or a proxy that others may use, too. */
  readonly proxy: NodeProxy | NodeProxyConfig;
  /** Whether backends get the path as it came, with the plugin's prefix. @defaultValue false: without it */
  readonly keepPrefix?: boolean;
}

/** Fastify adds options of its own, such as `prefix`: only a near miss of ours is a mistake. */
function checkOwn(options: FastifyProxyOptions): void {
  const names = ['proxy', 'keepPrefix'];
  for (const name of Object.keys(options)) {
    const hint = names.includes(name) ? '' : nearestHint(name, names);
    if (hint !== '') throw new TypeError(`${name} is not an option${hint}`);
  }
  if (options.keepPrefix !== undefined) checkRule(aBoolean, options.keepPrefix, 'keepPrefix');
}

/**
 * A Fastify plugin that passes every request below its `prefix` on to a pool, as the gateway does. Bodies
 * stream through: within the plugin nothing parses them. Hooks run, and headers that they set go out; what
 * they do to payloads does not.
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
 * What a target begins with where a route below a prefix matches it: an origin, if it names one, and as many
 * segments as the prefix has. They may be written in another way than the prefix: it may have parameters, and
 * the router may be told not to look at case.
 */
function beginning(prefix: string): RegExp {
  const segments = prefix.split('/').filter((segment) => segment !== '').length;
  return new RegExp(`^([a-z]+://[^/?#]*)?(?:/+[^/?#]+){${segments}}`, 'i');
}

/** A target without the prefix that it begins with. */
function below(prefix: RegExp, url: string): string {
  const [matched, origin = ''] = prefix.exec(url) ?? [''];
  const rest = url.slice(matched.length);
  return origin + (rest.startsWith('/') ? rest : `/${rest}`);
}
