// Times what a request costs in the library alone: the HTTP service resolves at once. Runs in a child process
// and prints the median nanoseconds of processor time a request, by way.
import {
  Balancer,
  type Lease,
  Loadbalancer,
  type LoadbalancerOptions,
  type Request,
} from '../../src/index.ts';
import { NAMES, type Name } from './ways.ts';

/** Requests in one sample; one sample of each way follows another, so that all see the same machine. */
const BATCH = 20_000;
const SAMPLES = 40;
const WARM_UP = 8;

const pool = Array.from({ length: 4 }, (_, i) => `http://10.0.0.${i + 1}:8080`);
const paths = Array.from({ length: 1_000 }, (_, i) => `/products/${i}?lang=en`);
const requests = paths.map((path): Request => ({ id: '1', path, method: 'GET', payload: '' }));
const response = { status: 200, data: 'ok' };
const service = { sendRequest: () => Promise.resolve(response) };
const logger = { debugEnabled: false, log() {} };
let written = 0;
const writer = {
  writeResponse: () => void written++,
  writeHeader: () => {},
  writeError: (error: Error) => {
    throw error;
  },
};

type Way = (request: Request) => Promise<void>;

function through(options: LoadbalancerOptions, signal?: AbortSignal): Way {
  const loadbalancer = new Loadbalancer(service, pool, logger, options);
  if (signal === undefined) return (request) => loadbalancer.onRequest(request, writer);
  const extras = { signal };
  return (request) => loadbalancer.onRequest(request, writer, extras);
}

function withBalancer(): Way {
  const balancer = new Balancer<Request>(pool, { key: ({ path }) => path });
  return async (request) => {
    const lease = balancer.acquire(request) as Lease;
    try {
      await service.sendRequest();
      writer.writeResponse();
    } finally {
      lease.release();
    }
  };
}

const ways: Record<Name, Way> = {
  balancer: withBalancer(),
  bare: through({}),
  timeoutMs: through({ timeoutMs: 1_000 }),
  totalTimeoutMs: through({ totalTimeoutMs: 5_000 }),
  both: through({ timeoutMs: 1_000, totalTimeoutMs: 5_000 }),
  signal: through({}, new AbortController().signal),
};

async function sample(way: Way): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < BATCH; i++) await way(requests[i % requests.length] as Request);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / BATCH;
}

const samples = Object.fromEntries(NAMES.map((name) => [name, [] as number[]]));
for (let round = 0; round < SAMPLES + WARM_UP; round++)
  for (const name of NAMES) {
    const ns = await sample(ways[name]);
    if (round >= WARM_UP) samples[name]?.push(ns);
  }
const medians = NAMES.map((name) => {
  const sorted = (samples[name] as number[]).sort((a, b) => a - b);
  return [name, sorted[sorted.length >> 1]];
});
if (written === 0) throw new Error('no response was written');
console.log(JSON.stringify(Object.fromEntries(medians)));
