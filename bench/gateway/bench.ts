// Runs `npm run bench:gateway`: the gateway against other proxies.

import { BODIES, type BodyPath } from './bodies.ts';
import { fileOf } from './commands.ts';
import type { Contender, ContenderName } from './contenders/contender.ts';
import { contenders } from './contenders/contenders.ts';
import type { Ground } from './ground.ts';
import { autocannon } from './load/autocannon.ts';
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
import { DIRECT, FIXED_RATE, KEEP_ALIVE_1K, MEMORY, type Schedule, TWO_WORKERS } from './schedule.ts';

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
  for (const contender of present) {
    say(`trying ${contender.name}`);
    proxies.push(await startProxy(instruments, contender, ALL_PATHS));
  }
  await warmUp(instruments, schedule, proxies, say);
  for (let round = 1; round <= schedule.rounds; round++) {
    const sayRound = (text: string) => say(`round ${round} of ${schedule.rounds}: ${text}`);
    // Each round begins with another contender, so that none always runs after the same one.
    const first = (round - 1) % Math.max(1, proxies.length);
    const inTurn = [...proxies.slice(first), ...proxies.slice(0, first)];
    await measureRound(instruments, schedule, inTurn, samples, sayRound);
  }
  for (const { server } of proxies) await server.stop();
  await measureWorkers(instruments, schedule, present, samples, say);
  for (const contender of present) {
    say(`memory: ${contender.name}`);
    // Tested with a small body only, as a large one would increase its memory.
    const proxy = await startProxy(instruments, contender, ['/1k']);
    samples.add(MEMORY, contender.name, await measureMemory(instruments, proxy, schedule.memory));
    await proxy.server.stop();
  }
  const missing = names.filter((name) => !present.some((contender) => contender.name === name));
  return { contenders: present, missing, load: load.name, origins: origins.kind, samples };
}

async function warmUp(
  instruments: Instruments,
  { saturation, warmUpSeconds }: Schedule,
  proxies: readonly RunningProxy[],
  say: (text: string) => void,
): Promise<void> {
  for (const scenario of saturation) {
    for (const proxy of proxies) {
      say(`warming up ${proxy.name}: ${scenario.name}`);
      await saturate(instruments, proxy, { ...scenario, seconds: warmUpSeconds });
    }
  }
}

/**
 * Measures every proxy in every scenario. Proxies that are compared run one after the other, so that other
 * load of the machine affects both sides of a ratio.
 */
async function measureRound(
  instruments: Instruments,
  { saturation, fixedRate }: Schedule,
  proxies: readonly RunningProxy[],
  samples: Samples,
  say: (text: string) => void,
): Promise<void> {
  for (const scenario of saturation) {
    for (const proxy of proxies) {
      say(`${scenario.name}, ${proxy.name}`);
      samples.add(scenario.name, proxy.name, await saturate(instruments, proxy, scenario));
    }
  }
  const direct = { name: DIRECT, port: instruments.origins.ports[0] as number };
  for (const target of [direct, ...proxies]) {
    say(`${FIXED_RATE}, ${target.name}`);
    samples.add(FIXED_RATE, target.name, await atFixedRate(instruments, target, fixedRate));
  }
}

/** Two workers of evenkeel against one, alternating, if there are enough processors. */
async function measureWorkers(
  instruments: Instruments,
  { rounds, saturation }: Schedule,
  present: readonly Contender[],
  samples: Samples,
  say: (text: string) => void,
): Promise<void> {
  const evenkeel = present.find(({ name }) => name === 'evenkeel');
  const scenario = saturation.find(({ name }) => name === KEEP_ALIVE_1K);
  if (evenkeel === undefined || scenario === undefined || instruments.ground.cores.workers === undefined)
    return;
  const proxies = [
    await startProxy(instruments, evenkeel, ['/1k'], 1),
    await startProxy(instruments, evenkeel, ['/1k'], 2),
  ];
  for (const proxy of proxies) await saturate(instruments, proxy, scenario);
  for (let round = 1; round <= rounds; round++) {
    for (const [i, proxy] of proxies.entries()) {
      const name = i === 0 ? '1 worker' : '2 workers';
      say(`round ${round} of ${rounds}: ${name}`);
      samples.add(TWO_WORKERS, name, await saturate(instruments, proxy, scenario));
    }
  }
  for (const { server } of proxies) await server.stop();
}
