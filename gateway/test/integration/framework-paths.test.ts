import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import Router from '@koa/router';
import express from 'express';
import fc from 'fast-check';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { afterEach, describe, expect, it } from 'vitest';
import type { GatewayConfigInput } from '../../src/config/schema.ts';
import { createGateway } from '../../src/gateway.ts';
import { atTheEnd, endAll } from './gateway/lab.ts';

afterEach(endAll);

/** Paths with a rule of their own: each has everything below it. */
const RULES = ['/login', '/admin', '/admin/public', '/a/b'];

const DEEPEST_FIRST = [...RULES].reverse();

/** What Koa gives to handlers, as far as they need it. */
interface KoaContext {
  readonly req: http.IncomingMessage;
  body: string;
}

/** A server that says as which of the rules' paths it has read a request. */
type Framework = (told: (request: http.IncomingMessage) => string) => Promise<http.RequestListener>;

const FRAMEWORKS: Record<string, Framework> = {
  async express(told) {
    const app = express();
    for (const rule of DEEPEST_FIRST)
      app.use(rule, (request, response) => void response.end(`${rule} ${told(request)}`));
    app.use((request, response) => void response.end(`/ ${told(request)}`));
    return app;
  },
  async 'express, by patterns'(told) {
    const app = express();
    for (const rule of DEEPEST_FIRST)
      app.all([rule, `${rule}/*rest`], (request, response) => void response.end(`${rule} ${told(request)}`));
    app.use((request, response) => void response.end(`/ ${told(request)}`));
    return app;
  },
  fastify: (told) => fastifyWith(told, {}),
  'fastify, as lenient as it can be': (told) =>
    fastifyWith(told, { routerOptions: { useSemicolonDelimiter: true, ignoreDuplicateSlashes: true } }),
  async hono(told) {
    const app = new Hono<{ Bindings: { incoming: http.IncomingMessage } }>();
    for (const rule of DEEPEST_FIRST)
      for (const path of [rule, `${rule}/*`]) app.all(path, (c) => c.text(`${rule} ${told(c.env.incoming)}`));
    app.all('*', (c) => c.text(`/ ${told(c.env.incoming)}`));
    return getRequestListener(app.fetch as never);
  },
  async koa(told) {
    const app = new Koa();
    const router = new Router();
    for (const rule of DEEPEST_FIRST)
      router.all(
        [rule, `${rule}/{*rest}`],
        (ctx: KoaContext) => void (ctx.body = `${rule} ${told(ctx.req)}`),
      );
    app.use(router.routes());
    app.use((ctx: KoaContext) => void (ctx.body = `/ ${told(ctx.req)}`));
    return app.callback();
  },
  async tomcat(told) {
    return (request, response) => {
      const path = tomcatPath(request.url as string);
      if (path === undefined) return response.writeHead(400).end('refused');
      const rule = DEEPEST_FIRST.find((one) => path === one || path.startsWith(`${one}/`));
      response.end(`${rule ?? '/'} ${told(request)}`);
    };
  },
};

async function fastifyWith(told: (request: http.IncomingMessage) => string, options: object) {
  const app = fastify(options);
  for (const rule of RULES)
    for (const path of [rule, `${rule}/*`]) app.all(path, async ({ raw }) => `${rule} ${told(raw)}`);
  app.setNotFoundHandler(async ({ raw }, reply) => reply.code(200).send(`/ ${told(raw)}`));
  await app.ready();
  return (request: http.IncomingMessage, response: http.ServerResponse) => app.routing(request, response);
}

/**
 * How Tomcat reads a path (CoyoteAdapter.postParseRequest): parameters go, then percent-encoding, then double
 * slashes and dot segments; what is left of `%2F`, a backslash or a step above the root is refused.
 */
function tomcatPath(target: string): string | undefined {
  const [path = ''] = target.split('?');
  const plain = path.replace(/;[^/]*/g, '');
  if (/%2f|%5c|\\|%00/i.test(plain) || /%(?![\da-f]{2})/i.test(plain)) return undefined;
  const decoded = plain.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  let text = decoded.replace(/\/{2,}/g, '/').replace(/\/\.{1,2}$/, '$&/');
  while (text.includes('/./')) text = text.replace('/./', '/');
  for (let index = text.indexOf('/../'); index >= 0; index = text.indexOf('/../')) {
    if (index === 0) return undefined;
    text = text.slice(0, text.lastIndexOf('/', index - 1)) + text.slice(index + 3);
  }
  return text;
}

async function listening(server: http.Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  atTheEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function ask(agent: http.Agent, port: number, path: string): Promise<{ status: number; text: string }> {
  const request = http.get({ agent, port, host: '127.0.0.1', path });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode as number, text };
}

/** Gateways before one framework: with one pool for all routes, and with one for each. */
async function gateways(framework: Framework, caseSensitive: boolean) {
  const server = http.createServer(await framework((request) => String(request.headers['x-rule'] ?? '/')));
  const port = await listening(server);
  const pool = { backends: [`http://127.0.0.1:${port}`], health: false };
  const configs: Pick<GatewayConfigInput, 'pools' | 'routes' | 'paths'>[] = [false, true].flatMap(
    (isSplit) => {
      const pools = Object.fromEntries(['/', ...RULES].map((_, i) => [`pool-${i}`, pool]));
      const routes = ['/', ...RULES].map((path, i) => ({
        path,
        pool: isSplit ? `pool-${i}` : 'pool-0',
        requestHeaders: { set: path === '/' ? {} : { 'X-Rule': path } },
      }));
      return (['raw', 'normalised'] as const).map((forward) => ({
        pools,
        routes,
        paths: { forward, caseSensitive },
      }));
    },
  );
  const agent = new http.Agent({ keepAlive: true });
  atTheEnd(() => agent.destroy());
  return Promise.all(
    configs.map(async (config) => {
      const gateway = createGateway({ listeners: [{ host: '127.0.0.1', port: 0 }], ...config });
      atTheEnd(() => gateway.close(0));
      const [address] = await gateway.listen();
      return (path: string) => ask(agent, address?.port as number, path);
    }),
  );
}

/** Pieces of which paths are made that servers read in different ways. */
const PIECES = [
  ...[
    '/',
    '/',
    '/',
    '//',
    '/./',
    '/../',
    '/..;/',
    '/%2e%2e/',
    '/%2e/',
    '/.',
    '/..',
    '\\',
    '/..\\',
    '%2f',
    '%5c',
  ],
  ...[
    'login',
    'login',
    '%6cogin',
    'LOGIN',
    'l%6Fgin',
    'admin',
    '%61dmin',
    'public',
    '%70ublic',
    'a',
    'b',
    'x',
  ],
  ...[
    ';',
    ';x',
    ';x=1',
    '%3b',
    '%3Bx',
    '%',
    '%25',
    '%256c',
    '\xa0',
    '%a0',
    '%20',
    '.',
    '%2e',
    '?x',
    '%3f',
    '%00',
  ],
];
const spelling = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 9 })
  .map((pieces) => `/${pieces.join('')}`.replace(/^\/+(?=\/)/, (slashes) => (slashes.length > 1 ? '/' : '')));

/** What is known to differ in how servers read it. */
const KNOWN = [
  ...RULES.flatMap((rule) => [
    rule,
    `${rule}/`,
    `${rule}/x`,
    `/${rule}`,
    `/x/..${rule}`,
    `${rule};x`,
    `${rule};/x`,
  ]),
  ...[
    '/%6cogin',
    '/./login',
    '/login\xa0',
    '/x\\..\\login',
    '/\\login',
    '/a;/b',
    '/admin/..;/login',
    '/login/..;/x',
  ],
  ...[
    '/admin/../x',
    '/admin/../login',
    '/login/../a/b',
    '/admin/public/../x',
    '/a//../a/b',
    '/admin//../login',
  ],
  ...[
    '/admin%2fpublic',
    '/a%2fb',
    '/x%2f..%2flogin',
    '/admin/public/..;/',
    '/login%3bx',
    '/login%20',
    '/login%2e',
  ],
];

/** They do not tell `/LOGIN` from `/login`. */
const WITHOUT_CASE = ['express', 'express, by patterns', 'koa'];

describe.each(Object.entries(FRAMEWORKS))('before %s', (name, framework) => {
  it('no spelling of a path gets past its rule', async () => {
    const all = await gateways(framework, !WITHOUT_CASE.includes(name));
    let served = 0;
    const check = async (path: string) => {
      for (const send of all) {
        const { status, text } = await send(path);
        if (status !== 200) continue;
        served++;
        const [as = '', ruled = ''] = text.split(' ');
        // The rule of what the server has served, or of a part of that.
        if (as !== '/' && ruled !== as && !ruled.startsWith(`${as}/`))
          throw new Error(`${JSON.stringify(path)} is served as ${as}, under the rule of ${ruled}`);
      }
    };
    for (const path of KNOWN) await check(path);
    await fc.assert(fc.asyncProperty(spelling, check), { numRuns: 150 });
    expect(served).toBeGreaterThan(100);
  });
});
