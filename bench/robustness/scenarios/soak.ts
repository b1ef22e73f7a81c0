// The soak test: load for a long time, with faulty backends.

import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../../src/simulator/random.ts';
import { verdict } from '../../chaos/verdicts.ts';
import { formatBytes } from '../../text.ts';
import type { GatewayFigures } from '../figures.ts';
import type { GatewayProcess } from '../gateway-process.ts';
import type { Lab, Setting } from '../lab.ts';
import { figuresWhen, filesVerdict, idleVerdict, isIdle } from '../rest.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { FaultRota } from '../soak/fault-rota.ts';
import { FaultyBackend } from '../soak/faulty-backend.ts';
import { Ledger } from '../soak/ledger.ts';
import { SoakLoad } from '../soak/load.ts';
import { forget, ledgerFigures, ledgerVerdicts } from '../soak/verdicts.ts';

const BACKENDS = 5;
const SEED = 1;
/** Time between a response and the next request. */
const MEAN_PAUSE_MS = 8;
/** A backend may still receive a request that its client has given up. */
const FORGOTTEN_AFTER_MS = 60_000;
/** Share of the time for warming up. */
const WARM_UP = 0.25;
/** Tolerance for open files of health checks. */
const SPARE_FILES = 2 * BACKENDS;
/** Time until idle connections to backends are closed, with some tolerance. */
const REST_MS = 10_000;
/** The most by which the heap may grow after the warm-up. */
const MOST_GROWTH = 1.1;

const SETTING: Omit<Setting, 'backends'> = {
  pool: {
    health: { intervalMs: 500, request: { timeoutMs: 400 } },
    ejection: { baseMs: 1_000, maxMs: 3_000 },
    timeouts: { connectMs: 500, headersMs: 1_000, bodyMs: 1_500, totalMs: 4_000 },
  },
};

/** What a soak is like. */
export interface Soak {
  readonly soakMs: number;
  readonly seed: number;
  /** Milliseconds from a response to the next request of the same client, on average. */
  readonly meanPauseMs: number;
  /** Called every so often while it runs. */
  readonly told?: { readonly everyMs: number; look(figures: GatewayFigures): void };
}

/** Load for a while, during which backends die and recover, and clients leave. */
export async function soakFor(lab: Lab, { soakMs, seed, meanPauseMs, told }: Soak): Promise<Finding> {
  const ledger = new Ledger();
  const backends = await Promise.all(Array.from({ length: BACKENDS }, () => FaultyBackend.start(ledger)));
  lab.own(() => {
    for (const backend of backends) backend.stop();
  });
  const gateway = await lab.gateway({ ...SETTING, backends: backends.map(({ url }) => url) });
  const start = await gateway.figures();
  const mostFiles = start.files + SPARE_FILES;
  const random = seededRandom(seed, 'soak');
  const spell = async (ms: number): Promise<number> => {
    const rota = new FaultRota(backends, random);
    const load = new SoakLoad(gateway.port, ledger, random, meanPauseMs);
    const until = performance.now() + ms;
    for (let left = ms; left > 0; left = until - performance.now()) {
      await sleep(Math.min(left, told?.everyMs ?? left));
      forget(ledger, performance.now() - FORGOTTEN_AFTER_MS);
      if (told !== undefined) told.look(await gateway.figures());
    }
    await rota.stop();
    await load.stop();
    return rota.faults;
  };
  const warmUpFaults = await spell(soakMs * WARM_UP);
  const warm = await atRest(gateway, mostFiles);
  const faults = warmUpFaults + (await spell(soakMs * (1 - WARM_UP)));
  const end = await atRest(gateway, mostFiles);
  const growth = end.usedBytes / warm.usedBytes;
  return {
    figures: { faults, ...ledgerFigures(ledger), rssWarmBytes: warm.rssBytes, rssEndBytes: end.rssBytes },
    verdicts: [
      ...ledgerVerdicts(ledger),
      idleVerdict('nothing stays: no lease, no request, no tunnel, no connection', end),
      filesVerdict(start, end, SPARE_FILES),
      verdict(
        `the heap is flat: at most ${Math.round((MOST_GROWTH - 1) * 100)} % above what it was when warm`,
        `${formatBytes(warm.usedBytes)} warm, ${formatBytes(end.usedBytes)} at the end`,
        growth <= MOST_GROWTH,
      ),
    ],
  };
}

/** The figures after idle connections to backends are closed, or should be. */
async function atRest(gateway: GatewayProcess, mostFiles: number): Promise<GatewayFigures> {
  const { figures } = await figuresWhen(gateway, (now) => isIdle(now) && now.files <= mostFiles, REST_MS);
  return figures;
}

export const soak: Scenario = {
  name: 'soak',
  title: 'load over HTTP/1.1, HTTP/2 and tunnels while backends are killed and revived, and clients leave',
  run: (lab, { soakMs }) => soakFor(lab, { soakMs, seed: SEED, meanPauseMs: MEAN_PAUSE_MS }),
};
