// The command `npm run fleet`: four gateways that agree by Redis, where their backends register.

import { redis } from 'evenkeel/discovery/redis';
import { Redis } from 'ioredis';
import { allHave, noneHas, ofAll } from '../gateway.ts';
import { play } from '../stage.ts';
import { countApart, showPlaces, Traffic } from '../traffic.ts';

const GATEWAYS = 4;
const BACKENDS = 10;
const TTL_MS = 3_000;

await play(async (stage) => {
  const [redisPort, firstPort] = [stage.port + 30, stage.port + 40];
  const args = ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const store = await stage.program('redis-server', args, 'redis-server');
  const client = new Redis(`redis://127.0.0.1:${redisPort}`, { maxRetriesPerRequest: null });
  client.on('error', () => {});
  stage.atTheEnd(() => client.disconnect());
  const registry = redis({ client, pool: 'shop' });

  /** A server that registers itself, as `evenkeel register` does for others. */
  const launch = async (number: number) => {
    const id = `shop-${number}`;
    const port = firstPort + number;
    await stage.backend(id, port);
    const registration = registry.register({ id, url: `http://127.0.0.1:${port}` }, { ttlMs: TTL_MS });
    stage.atTheEnd(() => registration.close());
    await registration.ready;
    return registration;
  };
  for (let i = 1; i <= BACKENDS; i++) await launch(i);
  console.log(`${BACKENDS} backends have registered in Redis, at redis://127.0.0.1:${redisPort}`);
  const gateways = await stage.gateways(GATEWAYS, 'redis/gateway.yaml', {
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
  });
  await stage.until(() =>
    ofAll(gateways, ({ fleet }) => fleet?.connected === true && fleet.seen === GATEWAYS),
  );

  console.log('\nThe same key goes to the same backend at each gateway');
  console.log(
    `  asked all at once: ${await countApart(gateways)} of 30 paths on more than one backend; 100 ms later:`,
  );
  await stage.wait(100);
  await showPlaces(gateways);

  console.log('\nA server registers, and leaves');
  let traffic = new Traffic(gateways);
  const registration = await launch(BACKENDS + 1);
  const id = `shop-${BACKENDS + 1}`;
  console.log(`  known to all gateways after ${await stage.until(() => allHave(gateways, id))} ms`);
  await registration.drain();
  console.log(`  draining at all gateways after ${await stage.until(() => noneHas(gateways, id))} ms`);
  await registration.close();
  console.log(`  ${await traffic.end()}`);

  console.log('\nOne gateway gets a backend that the others do not know');
  const differing = async () => (await gateways[0]?.pool())?.fleet?.differing ?? 0;
  await stage.until(async () => (await differing()) === 0);
  await stage.backend('extra', firstPort);
  await gateways[1]?.add(`http://127.0.0.1:${firstPort}`);
  await stage.until(async () => (await differing()) > 0);
  for (const { gateway, difference } of (await gateways[0]?.pool())?.fleet?.gateways ?? [])
    console.log(`  ${gateway}  ${difference ?? 'agrees'}`);

  console.log('\nRedis is killed, and comes back empty');
  traffic = new Traffic(gateways);
  await store.stop();
  await stage.until(() => ofAll(gateways, ({ fleet }) => fleet?.connected === false));
  await store.start();
  const isBack = () =>
    ofAll(
      gateways,
      ({ fleet, discovery: [source] }) => fleet?.connected === true && source?.state === 'current',
    );
  console.log(`  the gateways are connected again after ${await stage.until(isBack)} ms`);
  const isKnown = async () => (await client.hlen('evenkeel:{shop}:records')) === BACKENDS;
  console.log(`  all backends have registered again after ${await stage.until(isKnown)} ms more`);
  console.log(`  ${await traffic.end()}`);
});
