// The command `npm run pools`: what changes of a large pool cost, and how long they hold the event loop.

import { Balancer, type Env, type StrategyName, systemEnv } from '../../src/index.ts';
import { refuseOptions } from '../command.ts';

refuseOptions('pools', 'Measures what changes of a large pool cost, and how long they hold the event loop.');

const N = 10_000;
const STEPS = 100;
const CHANGED = N / STEPS;

interface Entry {
  readonly id: string;
  readonly url: string;
}

const entry = (name: string, i: number): Entry => ({
  id: `${name}${i}`,
  url: `http://10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:8080`,
});
const FIRST = Array.from({ length: N }, (_, i) => entry('b', i));

/** A list in which a hundredth of the backends were replaced by others. */
const rolled = (list: readonly Entry[], step: number): Entry[] =>
  list.map((one, i) => (Math.floor(i / CHANGED) === step ? entry(`n${step}-`, i) : { ...one }));

/** CPU time of this process, in milliseconds. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

/** The median CPU time of some calls. */
function costOf(times: number, call: (i: number) => unknown): number {
  return median(
    Array.from({ length: times }, (_, i) => {
      const before = cpuMs();
      call(i);
      return cpuMs() - before;
    }),
  );
}

/** The platform's environment, which notes how long each slice takes. */
class SlicingEnv implements Env {
  readonly slices: { readonly wallMs: number; readonly cpuMs: number }[] = [];
  readonly clock = systemEnv.clock;
  readonly random = systemEnv.random;
  readonly timers = {
    schedule: (callback: () => void, delayMs: number) =>
      systemEnv.timers.schedule(() => this.timed(callback), delayMs),
  };

  timed<T>(work: () => T): T {
    const [wall, cpu] = [performance.now(), cpuMs()];
    const result = work();
    this.slices.push({ wallMs: performance.now() - wall, cpuMs: cpuMs() - cpu });
    return result;
  }
}

const row = (...cells: (string | number)[]) =>
  console.log(
    cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell).padStart(11)).join(' '),
  );

async function measure(strategy: StrategyName): Promise<void> {
  const build = costOf(5, () => new Balancer([], { strategy }).replace(FIRST, 'source'));
  global.gc?.();
  const before = process.memoryUsage();
  const env = new SlicingEnv();
  const balancer = new Balancer([], { strategy, env });
  balancer.replace(FIRST, 'source');
  global.gc?.();
  const after = process.memoryUsage();
  const megabytes = (after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers) / 2 ** 20;
  const add = costOf(15, (i) => balancer.add(`http://new${i}`));
  const setWeight = costOf(15, (i) => balancer.setWeight(`http://new${i}`, 2));
  const remove = costOf(15, (i) => balancer.remove(`http://new${i}`));
  const stats = costOf(9, () => balancer.stats());
  const shares = costOf(3, (i) => {
    balancer.setWeight('b0', 1 + i);
    balancer.stats({ shares: true });
  });
  const keys = Array.from({ length: 20_000 }, (_, i) => `/path/${i}`);
  const pick = costOf(5, () => {
    for (const key of keys) balancer.acquire(key)?.release();
  });
  const rolling = await roll(balancer, env);
  row(
    strategy,
    build,
    rolling.cpu,
    add,
    remove,
    setWeight,
    stats,
    shares,
    (pick / keys.length) * 1e6,
    megabytes,
  );
  row('', '', `${((100 * rolling.cpu) / build).toFixed(1)} %`);
  console.log(
    `  ${STEPS} lists with ${CHANGED} of ${N} changed, under ${rolling.picks} picks: ${rolling.slices} slices, the longest ` +
      `${rolling.longest.map((ms) => ms.toFixed(1)).join(' ')} ms of CPU, 99 % below ${rolling.most.toFixed(1)}; ` +
      `${rolling.wrong} picks of backends that had left, ${rolling.failed} without a backend`,
  );
}

/** Replaces all backends, a hundredth at a time, while requests come. */
async function roll(balancer: Balancer, env: SlicingEnv) {
  let list = FIRST;
  let [picks, failed, wrong] = [0, 0, 0];
  let isOver = false;
  const serve = () => {
    for (let i = 0; i < 50; i++) {
      const lease = balancer.acquire(`/path/${picks++ % 20_000}`);
      if (lease === undefined) failed++;
      else if (!balancer.has(lease.backend.id)) wrong++;
      lease?.release();
    }
    if (!isOver) setImmediate(serve);
  };
  serve();
  env.slices.length = 0;
  for (let step = 0; step < STEPS; step++) {
    const next = rolled(list, step);
    await env.timed(() => balancer.replaceInSlices(next, 'source'));
    list = next;
  }
  isOver = true;
  const cpu = env.slices.map((slice) => slice.cpuMs).sort((a, b) => b - a);
  return {
    picks,
    failed,
    wrong,
    slices: cpu.length,
    cpu: cpu.reduce((sum, ms) => sum + ms, 0) / STEPS,
    longest: cpu.slice(0, 5),
    most: cpu[Math.floor(cpu.length / 100)] as number,
  };
}

/** How even the connections of 100 clients to 10,000 backends are, and what one backend more changes. */
function subsets(): void {
  for (const by of ['aperture', 'rendezvous'] as const) {
    const connections = new Map<string, number>();
    let changes = 0;
    for (let client = 0; client < 100; client++) {
      const subset =
        by === 'aperture'
          ? { by, size: 1_000, client, clients: 100 }
          : { by, size: 1_000, client: `client ${client}` };
      const balancer = new Balancer([], { strategy: 'random', pool: { subset } });
      balancer.replace(FIRST, 'source');
      for (const { id } of balancer.backends) connections.set(id, (connections.get(id) ?? 0) + 1);
      if (client >= 20) continue;
      const ids = new Set(balancer.backends.map(({ id }) => id));
      balancer.replace([...FIRST, entry('more', 0)], 'source');
      for (const { id } of balancer.backends) if (!ids.delete(id)) changes++;
      changes += ids.size;
    }
    const counts = [...connections.values()];
    console.log(
      `${by}: ${Math.min(...counts)} to ${Math.max(...counts)} connections a backend, ${N - counts.length} backends ` +
        `without one; a client changes ${(changes / 20).toFixed(1)} for one backend more`,
    );
  }
}

/** Which share of its backends a client gets anew when there are other numbers of clients than 100. */
function shifts(): void {
  const idsOf = (client: number, clients: number) => {
    const subset = { by: 'aperture', size: 1_000, client, clients } as const;
    const balancer = new Balancer([], { strategy: 'random', pool: { subset } });
    balancer.replace(FIRST, 'source');
    return new Set(balancer.backends.map(({ id }) => id));
  };
  const some = Array.from({ length: 10 }, (_, i) => 10 * i + 5);
  for (const clients of [101, 99, 110]) {
    const shares = some.map((client) => {
      const before = idsOf(client, 100);
      return [...idsOf(client, clients)].filter((id) => !before.has(id)).length / 1_000;
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    console.log(`aperture: ${clients} clients: ${(100 * mean).toFixed(0)} % of a client's backends are new`);
  }
}

console.log(`${N} backends; milliseconds of CPU, median; replace: ${CHANGED} changed, in slices`);
row('', 'build', 'replace', 'add', 'remove', 'setWeight', 'stats', 'shares', 'pick, ns', 'MB');
for (const strategy of ['consistent-hash', 'maglev', 'least-connections'] as const) await measure(strategy);
console.log('\n100 clients with subsets of 1,000:');
subsets();
shifts();
