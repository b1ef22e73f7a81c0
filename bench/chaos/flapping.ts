// The scenario of flapping backends: all backends of a large pool go down and up again and again.

import { Loadbalancer, type Request } from '../../src/index.ts';
import { exponential, seededRandom, zipf } from '../../src/simulator/random.ts';
import { runInTurns } from '../../src/simulator/turns.ts';
import { VirtualEnv } from '../../src/simulator/virtual-env.ts';
import { backendNames } from './fleet.ts';
import { usedAfterCollection } from './heap.ts';
import { PROTECTIONS } from './protections.ts';
import { type Verdict, verdict } from './verdicts.ts';

const BACKENDS = 1_000;
/** Each backend changes ten times a second. */
const CHANGE_MS = 100;
const WARM_UP_MS = 5_000;
const REQUESTS_A_SECOND = 500;
const KEYS = 20_000;
const GROWTH_ALLOWED = 0.1;

/** The results of the second scenario. */
export interface Flapping {
  readonly backends: number;
  readonly virtualMs: number;
  /** How often a backend was marked down or up. */
  readonly changes: number;
  readonly requests: number;
  readonly answered: number;
  /** How often panic began or ended. */
  readonly panics: number;
  readonly bytes: { readonly start: number; readonly end: number };
  readonly tookMs: number;
  readonly verdicts: readonly Verdict[];
}

/**
 * Marks each backend of a large pool down and up, ten times a second, while requests run, and measures the
 * heap.
 */
export async function runFlapping(seed: number, virtualMs: number): Promise<Flapping> {
  const startedAt = performance.now();
  const env = new VirtualEnv(seed);
  const random = seededRandom(seed, 'flapping');
  const ids = backendNames(BACKENDS);
  const pool = ids.map((id, n) => ({ id, url: `http://10.1.${n >> 8}.${n & 255}:8080` }));
  const loadbalancer = new Loadbalancer(serviceOn(env), pool, SILENT, {
    // No health checks: this scenario marks backends itself.
    ...PROTECTIONS,
    env,
  });
  const counts = { changes: 0, panics: 0, requests: 0, answered: 0 };
  loadbalancer.balancer.subscribe(({ type }) => void (type === 'panic' && counts.panics++));
  for (const id of ids) flap(id, random() * CHANGE_MS, loadbalancer, env, counts);
  const key = zipf(random, KEYS, 0.8);
  const next = () => {
    const request = { id: `f${counts.requests++}`, path: `/${key()}`, method: 'GET', payload: '' };
    void loadbalancer.onRequest(request, writerInto(counts));
    env.after(exponential(random, 1_000 / REQUESTS_A_SECOND), next);
  };
  env.after(0, next);
  await runInTurns(env, WARM_UP_MS);
  const start = await usedAfterCollection();
  await runInTurns(env, WARM_UP_MS + virtualMs);
  const end = await usedAfterCollection();
  loadbalancer.close();
  const bytes = { start, end };
  const shared = { backends: BACKENDS, virtualMs, ...counts, bytes, tookMs: performance.now() - startedAt };
  return { ...shared, verdicts: verdictsOf(shared) };
}

const SILENT = { log: () => {} };

function serviceOn(env: VirtualEnv) {
  const sendRequest = (_url: string, { id }: Request) =>
    new Promise<{ status: number; data: string }>((resolve) => {
      env.after(20, () => resolve({ status: 200, data: id }));
    });
  return { sendRequest };
}

function flap(
  id: string,
  firstAt: number,
  { balancer }: Loadbalancer,
  env: VirtualEnv,
  counts: { changes: number },
): void {
  let isUp = true;
  const change = () => {
    isUp = !isUp;
    counts.changes++;
    if (isUp) balancer.markUp(id);
    else balancer.markDown(id);
    env.after(CHANGE_MS, change);
  };
  env.after(firstAt, change);
}

function writerInto(counts: { answered: number }) {
  const count = () => void counts.answered++;
  return { writeResponse: count, writeHeader: () => {}, writeError: count };
}

function verdictsOf({
  bytes,
  requests,
  answered,
  changes,
  virtualMs,
}: Omit<Flapping, 'verdicts'>): Verdict[] {
  const growth = bytes.end / bytes.start - 1;
  const seconds = (virtualMs + WARM_UP_MS) / 1_000;
  const open = requests - answered;
  return [
    verdict(
      'the heap after gc stays within 10 % of what it was at the start',
      `${megabytes(bytes.start)} to ${megabytes(bytes.end)} MB, ${(growth * 100).toFixed(1)} %`,
      growth <= GROWTH_ALLOWED,
    ),
    verdict(
      'every change is made and every request answered',
      `${Math.round(changes / seconds)} changes a second, ${open} of ${requests} requests still under way`,
      open <= REQUESTS_A_SECOND,
    ),
  ];
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(2);
}
