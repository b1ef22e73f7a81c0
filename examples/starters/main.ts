// The command `npm run starters`: plays one of the starters, so that what it does is to be seen.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { BackendPool, LoggerService, type StrategyName, strategies } from 'evenkeel';
import { generate } from 'selfsigned';
import { stopSignal } from '../terminal/stop-signal.ts';
import { createMainServer } from './express-servers.ts';
import { CachingBackends, serve } from './injected.ts';
import { addressOf, createPictureServer, LoadBalancer as Pictures } from './picture-service.ts';
import { LoadBalancer } from './standalone.ts';
import { movedByScalingOut, simulate, simulateOutage } from './strategies.ts';

const PLAYS: Readonly<Record<string, () => Promise<void>>> = {
  async injected() {
    const backends = new CachingBackends();
    const quiet = new LoggerService({ sink: () => {} });
    const paths = Array.from({ length: 12 }, (_, i) => `/products/${i}`);
    for (const answer of (await serve(backends, BackendPool, quiet, paths, 5)).slice(0, 4))
      console.log(answer);
    console.log(`12 paths, 5 times each: ${backends.hits} cache hits; requests by backend:`);
    console.log(Object.fromEntries(backends.requests));
  },

  async strategies() {
    for (const name of Object.keys(strategies) as StrategyName[]) {
      const { before, during, after } = simulateOutage(name);
      const moved = before.filter((backend, i) => backend !== during[i]).length;
      const back = before.filter((backend, i) => backend === after[i]).length;
      const served = Object.values(simulate(name)).join(' ');
      console.log(
        `${name.padEnd(18)} requests by backend ${served}; of 100 clients ${moved} elsewhere in an outage, ${back} where they were after it`,
      );
    }
    console.log(`a fifth backend takes ${(100 * movedByScalingOut()).toFixed(1)} % of the keys`);
  },

  async 'express-servers'() {
    const { url, close } = await createMainServer(3_000);
    for (let i = 0; i < 4; i++) console.log(`${url}/ping  ${await (await fetch(`${url}/ping`)).text()}`);
    console.log(`${url}/stats  ${await (await fetch(`${url}/stats`)).text()}`);
    await untilCtrlC();
    close();
  },

  async standalone() {
    const servers = ['one', 'two'].map((name) =>
      createServer((_, response) => response.end(name)).listen(0, '127.0.0.1'),
    );
    await Promise.all(servers.map((server) => once(server, 'listening')));
    const balancer = new LoadBalancer('127.0.0.1:8080', 'round-robin');
    for (const server of servers) balancer.addBackend(`http://${addressOf(server)}`);
    const url = await balancer.start();
    for (let i = 0; i < 4; i++) console.log(`${url}/  ${await (await fetch(url)).text()}`);
    console.log(balancer.getBackendStats());
    await untilCtrlC();
    await balancer.stop();
    for (const server of servers) server.close();
  },

  async 'picture-service'() {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    const secret = 'a secret of this example that is long enough';
    const servers = [
      await createPictureServer('one', () => 0.2),
      await createPictureServer('two', () => 0.6),
    ];
    const [first = '', second = ''] = servers.map(addressOf);
    const balancer = new Pictures([first], { cert, key, secret, intervalMs: 500 });
    const url = await balancer.start();
    await balancer.addServer(second);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = `${part({ alg: 'HS256' })}.${part({ sub: 'ann', exp: 4_000_000_000 })}`;
    const token = `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
    const ask = async (path: string, headers = {}) => {
      const call = request(url + path, { ca: cert, headers }).end();
      const [response] = await once(call, 'response');
      return text(response);
    };
    // The servers report their workloads with the health checks.
    await setTimeout(1_000);
    for (let i = 0; i < 3; i++) console.log(`a picture:  ${await ask(`/pictures/${i}`)}`);
    for (let i = 0; i < 3; i++)
      console.log(`ann's cart: ${await ask('/cart', { authorization: `Bearer ${token}` })}`);
    console.log(`healthy: ${balancer.healthyServers().join(', ')}`);
    await balancer.stop();
    for (const server of servers) server.close();
  },
};

async function untilCtrlC(): Promise<void> {
  console.log('Ctrl-C ends it.');
  const signal = stopSignal();
  if (!signal.aborted) await once(signal, 'abort');
}

const [name = '', ...rest] = process.argv.slice(2);
const play = Object.hasOwn(PLAYS, name) && rest.length === 0 ? PLAYS[name] : undefined;
if (play !== undefined) await play();
else {
  console.error(`npm run starters -- <name>, where the name is one of ${Object.keys(PLAYS).join(', ')}`);
  process.exitCode = 2;
}
