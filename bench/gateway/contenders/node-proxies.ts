import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ground, Program } from '../ground.ts';
import { tlsEnvironment } from '../tls-files.ts';
import type { Contender, ContenderName } from './contender.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The proxies that are programs for Node, each a script of its own. */
export function nodeProxies(ground: Ground): Contender[] {
  return [
    nodeProxy(ground, {
      name: 'http-proxy-3',
      package: 'node_modules/http-proxy-3',
      how: 'xfwd, an http.Agent that keeps connections alive, targets in turn',
    }),
    nodeProxy(ground, {
      name: 'reply-from',
      package: 'node_modules/@fastify/reply-from',
      how: '@fastify/reply-from on fastify 5 without a logger: undici, upstreams in turn, X-Forwarded-For by rewriteRequestHeaders',
    }),
    nodeProxy(ground, {
      name: 'evenkeel',
      package: '.',
      how: 'createGateway: 13 routes, header rules both ways, X-Forwarded-*, Forwarded and Via, health checks, ejection, retries, metrics; no access log',
    }),
  ];
}

function nodeProxy(
  { processes, script }: Ground,
  about: { readonly name: ContenderName & Program; readonly package: string; readonly how: string },
): Contender {
  const { version } = JSON.parse(readFileSync(join(root, about.package, 'package.json'), 'utf8'));
  return {
    name: about.name,
    version,
    how: about.how,
    start: ({ cores, ...place }) =>
      processes.serve({
        name: about.name,
        file: process.execPath,
        args: [script(about.name), JSON.stringify(place)],
        cores,
        env: tlsEnvironment(place.tls),
      }),
  };
}
