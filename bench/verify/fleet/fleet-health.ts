// How many health checks gateways send together, and how soon they know of what fails.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { redisServer } from '../../../test/servers/redis.ts';
import type { Finding } from '../check.ts';
import { configOf, type Front, serve } from './front.ts';

const GATEWAYS = 8;
const BACKENDS = 20;
const INTERVAL_MS = 500;
const TTL_MS = 3_000;
const COUNT_MS = 5_000;
const FALL = 3;

type Show = (finding: Finding) => void;

/** A backend that counts checks, and is well or not. */
async function aBackend() {
  const backend = { url: '', checks: 0, isWell: true, close() {} };
  const server = createServer((request, response) => {
    if (request.url === '/health') backend.checks++;
    response.statusCode = backend.isWell ? 200 : 503;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  backend.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  backend.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return backend;
}
type Backend = Awaited<ReturnType<typeof aBackend>>;

export async function checksOfFleet(
  redis: Awaited<ReturnType<typeof redisServer>>,
  show: Show,
): Promise<void> {
  const backends = await Promise.all(Array.from({ length: BACKENDS }, aBackend));
  const fronts: Front[] = [];
  const pool = {
    health: { intervalMs: INTERVAL_MS, fastIntervalMs: INTERVAL_MS, thresholds: { fall: FALL } },
  };
  const urls = backends.map(({ url }) => url);
  const start = async (config: object) => {
    // Two at a time: all at once would be late on a small machine.
    while (fronts.length < GATEWAYS)
      fronts.push(...(await Promise.all([1, 2].map(() => serve(configOf(urls, pool, config))))));
  };
  const stop = async () => void (await Promise.all(fronts.splice(0).map((front) => front.stop())));
  const what = `${GATEWAYS} gateways, ${BACKENDS} backends`;
  try {
    await start({});
    await sleep(1_000);
    show({ what: `checks a second, ${what}, without a fleet`, figure: (await rate(backends)).toFixed(0) });
    show({
      what: 'a failure known to the last gateway after the first, without a fleet',
      figure: ms((await fails(fronts, backends[0] as Backend)).spread),
    });
    await stop();
    fronts.push(await serve(configOf(urls, pool, { workers: 4 })));
    await until(async () => (await allOf(fronts)).every(({ members }) => members === 4));
    await sleep(1_000);
    show(atMost(`checks a second, 4 workers, ${BACKENDS} backends`, await rate(backends), 45));
    await stop();
    await start({ fleet: { redis: { url: `redis://127.0.0.1:${redis.port}`, prefix: 'health' } } });
    await until(async () => (await allOf(fronts)).every(({ members }) => members === GATEWAYS));
    await sleep(1_000);
    show(atMost(`checks a second, ${what}`, await rate(backends), 90));
    const spreads: number[] = [];
    for (const backend of backends.slice(0, 5)) spreads.push((await fails(fronts, backend)).spread);
    show(
      within('a failure known to the last gateway after the first, worst of five', Math.max(...spreads), 50),
    );
    const gone = fronts.splice(0, GATEWAYS / 2);
    await Promise.all(gone.map((front) => front.stop()));
    const { last } = await fails(fronts, backends[6] as Backend);
    const limitMs = TTL_MS + 1_000 + FALL * INTERVAL_MS + 500;
    show(within(`half of the gateways killed, and a backend fails: known to all others`, last, limitMs));
    await redis.process.kill();
    await until(async () => (await allOf(fronts)).every(({ connected }) => !connected));
    await sleep(1_000);
    const alone = await rate(backends);
    show({
      what: `Redis killed: checks a second of ${fronts.length} gateways, each for itself`,
      figure: alone.toFixed(0),
    });
    show(
      within(
        'a backend fails meanwhile: known to all',
        (await fails(fronts, backends[7] as Backend)).last,
        3_000,
      ),
    );
    await redis.process.start();
    await until(async () => (await allOf(fronts)).every(({ members }) => members === fronts.length));
    await sleep(1_000);
    show(atMost('Redis back and empty: checks a second', await rate(backends), 90));
  } finally {
    await stop();
    for (const { close } of backends) close();
  }
}

const ms = (value: number) => `${value.toFixed(0)} ms`;

function within(what: string, value: number, limitMs: number): Finding {
  return { what, figure: ms(value), target: `at most ${ms(limitMs)}`, met: value <= limitMs };
}

function atMost(what: string, value: number, limit: number): Finding {
  return { what, figure: value.toFixed(0), target: `at most ${limit}`, met: value <= limit };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await holds()); waited += 20) {
    if (waited > 30_000) throw new Error('what was waited for did not come');
    await sleep(20);
  }
}

async function allOf(fronts: readonly Front[]) {
  const all = await Promise.all(fronts.map((front) => front.stats()));
  return all.map(({ pools }) => pools[0]?.fleet?.checks ?? { members: 0, connected: false });
}

/** Checks a second at all backends together. */
async function rate(backends: readonly Backend[]): Promise<number> {
  const count = () => backends.reduce((sum, { checks }) => sum + checks, 0);
  const [before, beganAt] = [count(), performance.now()];
  await sleep(COUNT_MS);
  return ((count() - before) * 1_000) / (performance.now() - beganAt);
}

/** Lets a backend fail. @returns when the last gateway knew, and how long after the first, by their events */
async function fails(fronts: readonly Front[], backend: Backend): Promise<{ last: number; spread: number }> {
  const beganAt = Date.now();
  const known = async () => {
    const all = await Promise.all(fronts.map((front) => front.stats()));
    return all.map(
      ({ events }) =>
        events.find(({ type, backend: id, at }) => type === 'down' && id === backend.url && at >= beganAt)
          ?.at,
    );
  };
  backend.isWell = false;
  let times: (number | undefined)[] = [];
  await until(async () => (times = await known()).every((at) => at !== undefined));
  backend.isWell = true;
  const at = times as number[];
  await until(async () => {
    const all = await Promise.all(fronts.map((front) => front.stats()));
    return all.every(({ pools }) => pools[0]?.backends.find(({ id }) => id === backend.url)?.state === 'up');
  });
  return { last: Math.max(...at) - beganAt, spread: Math.max(...at) - Math.min(...at) };
}
