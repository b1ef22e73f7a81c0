// Holds the simulation against reality: the same requests at the same times, once simulated, and once over
// real sockets with the backends of `npm start`.
import { setTimeout as sleep } from 'node:timers/promises';
import { ExampleBackend } from '../../examples/backends/backend.ts';
import { workMs } from '../../examples/backends/shop/catalogue.ts';
import { shopStream } from '../../examples/demo/shop/stream.ts';
import { FetchHTTPService, Loadbalancer, type Request, type StrategyName } from '../../src/index.ts';
import { exponential, seededStream } from '../../src/simulator/random.ts';
import { simulate } from '../../src/simulator/simulate.ts';
import type { Check, Finding } from './check.ts';

const BACKENDS = 4;
const REQUESTS = 4_000;
const PER_SECOND = 400;
/** As in `npm start`: the caches together hold most of the popular pages, one alone does not. */
const CACHED_PAGES = 170;
const CONTENDERS = [
  'consistent-hash',
  'round-robin',
  'least-connections',
  'maglev',
] as const satisfies StrategyName[];

const MOST_POINTS = 3;
const MOST_RATIO = 0.1;

interface Measured {
  readonly hits: number;
  readonly mostOverMean: number;
}

/** The requests of the shop, and when each of them comes. */
function plan(): { readonly stream: readonly Request[]; readonly atMs: readonly number[] } {
  const random = seededStream(1, 'arrivals');
  let at = 0;
  const stream = shopStream(REQUESTS, 2_016);
  return { stream, atMs: stream.map(() => (at += exponential(random, 1_000 / PER_SECOND))) };
}

async function simulated(of: ReturnType<typeof plan>): Promise<Map<string, Measured>> {
  const { contenders } = await simulate({
    requests: of.stream.map(({ path }, i) => {
      return { atMs: of.atMs[i] as number, key: path, workMs: workMs(path) };
    }),
    // The shop makes pages side by side, and sends cached ones at once.
    backends: [{ count: BACKENDS, concurrency: 1_000, cache: { size: CACHED_PAGES, speedUp: 100 } }],
    measure: { placements: 1, warmUp: 0 },
    contenders: CONTENDERS,
  });
  return new Map(
    contenders.map(({ label, figures }) => [
      label,
      { hits: figures.hits?.mean ?? Number.NaN, mostOverMean: figures.mostOverMean.mean },
    ]),
  );
}

async function real({ stream, atMs }: ReturnType<typeof plan>, strategy: StrategyName): Promise<Measured> {
  const backends = Array.from(
    { length: BACKENDS },
    (_, i) => new ExampleBackend({ id: `b${i + 1}`, cachedPages: CACHED_PAGES }),
  );
  try {
    await Promise.all(backends.map((backend) => backend.open()));
    const pool = backends.map(({ entry }) => entry);
    const loadbalancer = new Loadbalancer(new FetchHTTPService(), pool, { log() {} }, { strategy });
    const pending: Promise<void>[] = [];
    let failure: Error | undefined;
    const writer = {
      writeResponse() {},
      writeHeader() {},
      writeError(error: Error) {
        failure ??= error;
      },
    };
    const startedAt = performance.now();
    for (const [i, request] of stream.entries()) {
      const waitMs = startedAt + (atMs[i] as number) - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      pending.push(loadbalancer.onRequest(request, writer));
    }
    await Promise.all(pending);
    if (failure !== undefined) throw failure;
    const served = backends.map(({ shop }) => shop.hits + shop.misses);
    const hits = backends.reduce((sum, { shop }) => sum + shop.hits, 0);
    const all = served.reduce((sum, count) => sum + count, 0);
    return { hits: hits / all, mostOverMean: Math.max(...served) / (all / BACKENDS) };
  } finally {
    await Promise.all(backends.map((backend) => backend.close()));
  }
}

export const realityCheck: Check = {
  name: 'reality',
  about: 'the simulation against the same requests over real sockets',
  async run(show) {
    const of = plan();
    const expected = await simulated(of);
    for (const strategy of CONTENDERS) {
      const ours = expected.get(strategy) as Measured;
      const theirs = await real(of, strategy);
      show(findingOf(`${strategy}: hits, simulated and real`, ours.hits, theirs.hits, 'points'));
      show(
        findingOf(
          `${strategy}: most/mean, simulated and real`,
          ours.mostOverMean,
          theirs.mostOverMean,
          'ratio',
        ),
      );
    }
    return [];
  },
};

function findingOf(what: string, ours: number, theirs: number, kind: 'points' | 'ratio'): Finding {
  if (kind === 'points') {
    const points = Math.abs(ours - theirs) * 100;
    const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
    const figure = `${percent(ours)} and ${percent(theirs)}: ${points.toFixed(1)} points`;
    return { what, figure, target: `at most ${MOST_POINTS} points`, met: points <= MOST_POINTS };
  }
  const ratio = Math.abs(ours / theirs - 1);
  const figure = `${ours.toFixed(3)} and ${theirs.toFixed(3)}: ${(ratio * 100).toFixed(1)} %`;
  return { what, figure, target: `at most ${MOST_RATIO * 100} %`, met: ratio <= MOST_RATIO };
}
