// A rolling deployment: eight backends restart one after the other while `Loadbalancer` sends requests.
import { Loadbalancer, outlierEjection, slowStart } from '../../src/index.ts';
import type { World } from '../../src/simulator/call.ts';
import { exponential, seededRandom } from '../../src/simulator/random.ts';
import { SimulatedServer } from '../../src/simulator/simulated-server.ts';
import { SimulatedService } from '../../src/simulator/simulated-service.ts';
import { urlOf } from '../../src/simulator/simulation.ts';
import { runInTurns } from '../../src/simulator/turns.ts';
import { VirtualEnv } from '../../src/simulator/virtual-env.ts';
import type { Row } from './row.ts';

const BACKENDS = 8;
const EVERY_MS = 3_000;
/** Time for a restart. */
const BOOT_MS = 2_000;
const FIRST_AT = 15_000;
const UNTIL_MS = FIRST_AT + BACKENDS * EVERY_MS + 20_000;
const REQUESTS_A_SECOND = 500;

/** Errors that clients saw, by method. */
interface Errors {
  GET: number;
  POST: number;
}

/**
 * @param isKilled - whether requests in flight are lost; else they are completed and only new ones are
 * refused
 */
async function restarts(isKilled: boolean): Promise<Errors> {
  const seed = 1;
  const env = new VirtualEnv(seed);
  const servers = Array.from(
    { length: BACKENDS },
    (_, i) => new SimulatedServer(env, urlOf(i), { concurrency: 8 }),
  );
  const world: World = { env, servers: new Map(servers.map((server) => [server.url, server])) };
  const sizes = seededRandom(seed, 'sizes');
  const service = new SimulatedService(world, () => exponential(sizes, 10));
  // The options that the gateway uses by default.
  const loadbalancer = new Loadbalancer(
    service,
    servers.map(({ url }) => url),
    SILENT,
    {
      env,
      timeoutMs: 15_000,
      health: true,
      failover: true,
      queue: true,
      guards: [outlierEjection(), slowStart()],
    },
  );
  for (const [i, server] of servers.entries()) {
    env.at(FIRST_AT + i * EVERY_MS, () => {
      server.conduct = 'refused';
      if (isKilled) server.reset();
      env.after(BOOT_MS, () => {
        server.conduct = 'well';
      });
    });
  }
  const errors: Errors = { GET: 0, POST: 0 };
  const random = seededRandom(seed, 'requests');
  let number = 0;
  const next = () => {
    if (env.now >= UNTIL_MS) return;
    const method = random() < 0.8 ? 'GET' : 'POST';
    const request = { id: `r${number++}`, path: `/${Math.floor(random() * 1_000)}`, method, payload: '' };
    const failed = () => void errors[method]++;
    void loadbalancer.onRequest(request, {
      writeResponse: ({ status }) => void (status >= 500 && failed()),
      writeHeader: () => {},
      writeError: failed,
    });
    env.after(exponential(random, 1_000 / REQUESTS_A_SECOND), next);
  };
  env.after(0, next);
  await runInTurns(env, UNTIL_MS + 30_000);
  loadbalancer.close();
  return errors;
}

const SILENT = { log: () => {} };

export const restartRows: readonly Row[] = [
  {
    name: 'restarts-drain',
    what: 'eight restarts 3 s apart, backends finish what they have: errors of GET / POST',
    target: '0 / 0',
    async measure() {
      const { GET, POST } = await restarts(false);
      return { figure: `${GET} / ${POST}`, met: GET + POST === 0 };
    },
  },
  {
    name: 'restarts-kill',
    what: 'eight restarts 3 s apart, killed: errors of GET / POST',
    target: '0 / those lost on the way',
    async measure() {
      const { GET, POST } = await restarts(true);
      return { figure: `${GET} / ${POST}`, met: GET === 0 };
    },
  },
];
