// Runs `npm run bench:gateway`: the gateway against other proxies.

import { BODIES, type BodyPath } from './bodies.ts';
import { fileOf } from './commands.ts';
import type { Contender, ContenderName } from './contenders/contender.ts';
import { contenders } from './contenders/contenders.ts';
import type { Ground } from './ground.ts';
import { autocannon } from './load/autocannon.ts';
import type { FixedRateResult } from './load/fixed-rate-order.ts';
import { wrk } from './load/wrk.ts';
import {
  atFixedRate,
  type Instruments,
  measureMemory,
  type RunningProxy,
  saturate,
  startProxy,
} from './measure.ts';
import { startOrigins } from './origins/origins.ts';
import { Samples } from './samples.ts';
import {
  DIRECT,
  KEEP_ALIVE_1K,
  MEMORY,
  type RequestKind,
  type Schedule,
  SMALL,
  TWO_WORKERS,
} from './schedule.ts';

const ALL_PATHS = Object.keys(BODIES) as BodyPath[];

/** The results and the contenders. */
export interface Measured {
  readonly contenders: readonly Contender[];
  /** Peers that are not installed here. */
  readonly missing: readonly ContenderName[];
  readonly load: string;
  readonly origins: string;
  readonly samples: Samples;
}

/** Measures all named contenders that are installed. */
export async function measureAll(
  ground: Ground,
  schedule: Schedule,
  names: readonly ContenderName[],
  say: (text: string) => void,
): Promise<Measured> {
  const wrkFile = fileOf('wrk');
  const load = wrkFile === undefined ? autocannon() : wrk(wrkFile);
  const origins = await startOrigins(ground);
  const instruments = { ground, load, origins };
  const present = contenders(ground).filter(({ name }) => names.includes(name));
  const samples = new Samples();
  const proxies: RunningProxy[] = [];
  for (const scheme of schemesOf(schedule)) {
    for (const contender of present) {
      say(`trying ${contender.name} over ${scheme}`);
      proxies.push(await startProxy(instruments, contender, { paths: ALL_PATHS, scheme }));
    }
  }
  await warmUp(instruments, schedule, proxies, say);
  for (let round = 1; round <= schedule.rounds; round++) {
    const sayRound = (text: string) => say(`round ${round} of ${schedule.rounds}: ${text}`);
    // Each round begins with another contender, so that none always runs after the same one.
    const first = (round - 1) % Math.max(1, present.length);
    const inTurn = [...proxies.slice(first), ...proxies.slice(0, first)];
    await measureSaturation(instruments, schedule, inTurn, samples, sayRound);
    await measureRates(instruments, schedule, inTurn, samples, sayRound);
  }
  for (const { server } of proxies) await server.stop();
  await measureWorkers(instruments, schedule, present, samples, say);
  await measureMemories(instruments, schedule, present, samples, say);
  const missing = names.filter((name) => !present.some((contender) => contender.name === name));
  return { contenders: present, missing, load: load.name, origins: origins.kind, samples };
}

function schemesOf({ saturation, rates }: Schedule): Set<RequestKind['scheme']> {
  return new Set([...saturation.map(({ scheme }) => scheme), ...rates.map(() => SMALL.scheme)]);
}

async function warmUp(
  instruments: Instruments,
  { saturation, rates, warmUpSeconds }: Schedule,
  proxies: readonly RunningProxy[],
  say: (text: string) => void,
): Promise<void> {
  const isSmallMeasured = saturation.some(({ name }) => name === KEEP_ALIVE_1K);
  const small = rates.length > 0 && !isSmallMeasured ? [{ ...SMALL, name: KEEP_ALIVE_1K }] : [];
  for (const scenario of [...small, ...saturation]) {
    for (const proxy of proxies.filter(({ scheme }) => scheme === scenario.scheme)) {
      say(`warming up ${proxy.name}: ${scenario.name}`);
      await saturate(instruments, proxy, scenario, warmUpSeconds);
    }
  }
}

/**
 * Measures every proxy in every scenario. Proxies that are compared run one after the other, so that other
 * load of the machine affects both sides of a ratio.
 */
async function measureSaturation(
  instruments: Instruments,
  { saturation }: Schedule,
  proxies: readonly RunningProxy[],
  samples: Samples,
  say: (text: string) => void,
): Promise<void> {
  for (const scenario of saturation) {
    for (const proxy of proxies.filter(({ scheme }) => scheme === scenario.scheme)) {
      say(`${scenario.name}, ${proxy.name}`);
      const sample = await saturate(instruments, proxy, scenario, scenario.seconds);
      samples.add(scenario.name, proxy.name, sample);
    }
  }
}

/** Measures every proxy and the origins alone at every rate. */
async function measureRates(
  instruments: Instruments,
  { rates }: Schedule,
  proxies: readonly RunningProxy[],
  samples: Samples,
  say: (text: string) => void,
): Promise<void> {
  const origin = { name: DIRECT, port: instruments.origins.ports[0] as number };
  const targets = [origin, ...proxies.filter(({ scheme }) => scheme === SMALL.scheme)];
  for (const rate of rates) {
    say(rate.name);
    const results = await atFixedRate(instruments, targets, rate);
    const direct = results[0] as FixedRateResult;
    for (const [i, { name }] of targets.entries()) {
      const result = results[i] as FixedRateResult;
      const addedMs = result.meanMs - direct.meanMs;
      // Nothing can be faster than without it: then other load of the machine was measured.
      const isMeasured = name !== DIRECT && direct.failures === 0 && addedMs > 0;
      samples.add(rate.name, name, { ...result, ...(isMeasured ? { addedMs } : {}) });
    }
  }
}

/** The memory of every contender, just started. */
async function measureMemories(
  instruments: Instruments,
  { memory }: Schedule,
  present: readonly Contender[],
  samples: Samples,
  say: (text: string) => void,
): Promise<void> {
  if (memory === undefined) return;
  for (const contender of present) {
    say(`memory: ${contender.name}`);
    // Tested with a small body only, as a large one would increase its memory.
    const proxy = await startProxy(instruments, contender, { paths: [SMALL.path] });
    samples.add(MEMORY, contender.name, await measureMemory(instruments, proxy, memory));
    await proxy.server.stop();
  }
}

/** Two workers of evenkeel against one, alternating, if there are enough processors. */
async function measureWorkers(
  instruments: Instruments,
  { rounds, workers }: Schedule,
  present: readonly Contender[],
  samples: Samples,
  say: (text: string) => void,
): Promise<void> {
  const evenkeel = present.find(({ name }) => name === 'evenkeel');
  if (evenkeel === undefined || workers === undefined || instruments.ground.cores.workers === undefined)
    return;
  const proxies = [
    await startProxy(instruments, evenkeel, { paths: [SMALL.path], workers: 1 }),
    await startProxy(instruments, evenkeel, { paths: [SMALL.path], workers: 2 }),
  ];
  for (const proxy of proxies) await saturate(instruments, proxy, SMALL, workers.seconds);
  for (let round = 1; round <= rounds; round++) {
    for (const [i, proxy] of proxies.entries()) {
      const name = i === 0 ? '1 worker' : '2 workers';
      say(`round ${round} of ${rounds}: ${name}`);
      samples.add(TWO_WORKERS, name, await saturate(instruments, proxy, SMALL, workers.seconds));
    }
  }
  for (const { server } of proxies) await server.stop();
}
