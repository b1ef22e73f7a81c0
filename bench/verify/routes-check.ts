// What the rules of a route cost: a route that strips its prefix, rewrites what comes back and changes
// headers, beside a bare one of the same gateway, by turns in one run.
import { Agent, createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { usageOf } from '../gateway/usage.ts';
import { GatewayProcess } from '../robustness/gateway-process.ts';
import type { Check } from './check.ts';

const MAX_RATIO = 1.15;
const ROUNDS = 12;
const REQUESTS = 4_000;
const AT_ONCE = 16;

export const routesCheck: Check = {
  name: 'routes',
  about: 'CPU time of a request on a route with rules, beside one on a bare route',
  async run() {
    const backend = await listening();
    const pool = { backends: [`http://127.0.0.1:${(backend.address() as AddressInfo).port}`], health: false };
    const gateway = new GatewayProcess({
      listeners: [{ host: '127.0.0.1', port: 0 }],
      pools: { shop: pool },
      routes: [
        { pool: 'shop' },
        {
          path: '/rules',
          pool: 'shop',
          stripPrefix: true,
          requestHeaders: { set: { 'X-Gateway': 'shop' }, remove: ['X-Debug', 'Via'] },
          responseHeaders: { set: { 'Access-Control-Allow-Origin': '*' }, remove: ['Server'] },
        },
        {
          path: '/pattern',
          pool: 'shop',
          rewrite: { from: '/pattern/{id}/{rest*}', to: '/{rest*}?id={id}' },
          requestHeaders: { set: { 'X-Gateway': 'shop' }, remove: ['X-Debug', 'Via'] },
          responseHeaders: { set: { 'Access-Control-Allow-Origin': '*' }, remove: ['Server'] },
        },
      ],
      log: { level: 'silent' },
    });
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    try {
      await gateway.listening();
      const cost = async (path: string) => {
        const before = usageOf(gateway.pid).cpuUs;
        await load(agent, gateway.port, path);
        return usageOf(gateway.pid).cpuUs - before;
      };
      const paths = ['/bare/7/cart/items', '/rules/7/cart/items', '/pattern/7/cart/items'];
      for (const path of paths) await load(agent, gateway.port, path);
      const spentUs = paths.map((): number => 0);
      for (let round = 0; round < ROUNDS; round++)
        for (const at of round % 2 === 0 ? [0, 1, 2] : [2, 1, 0])
          spentUs[at] = (spentUs[at] ?? 0) + (await cost(paths[at] as string));
      const [bare = 0, ...others] = spentUs.map((us) => us / (ROUNDS * REQUESTS));
      return [
        { what: 'a bare route', figure: `${bare.toFixed(1)} us a request` },
        ...others.map((us, i) => ({
          what: i === 0 ? 'with stripPrefix and header rules' : 'with a pattern and header rules',
          figure: `${us.toFixed(1)} us a request, ${(us / bare).toFixed(2)} times as much`,
          target: `at most ${MAX_RATIO} times`,
          met: us / bare <= MAX_RATIO,
        })),
      ];
    } finally {
      agent.destroy();
      await gateway.stop();
      backend.closeAllConnections();
      backend.close();
    }
  },
};

async function listening(): Promise<Server> {
  const server = createServer((_, response) => {
    response.setHeader('Set-Cookie', 'id=1; Path=/; HttpOnly');
    response.end('a response of a backend');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Sends the requests of one turn. */
async function load(agent: Agent, port: number, path: string): Promise<void> {
  let left = REQUESTS;
  const client = async () => {
    while (left-- > 0) await once(agent, port, path);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

function once(agent: Agent, port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ agent, port, host: '127.0.0.1', path }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path} is answered ${response.statusCode}`));
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
}
