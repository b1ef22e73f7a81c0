// Ejection by status: how soon a broken backend is ejected, and how many healthy ones are, too, because of
// requests that fail everywhere.
import { outlierEjection } from '../../src/index.ts';
import type { Call } from '../../src/simulator/call.ts';
import { engine } from '../../src/simulator/engine-caller.ts';
import type { Random } from '../../src/simulator/random.ts';
import { simulate, urlOf } from '../../src/simulator/simulation.ts';
import { meanOf, medianOf, type Row } from './row.ts';

const BACKENDS = 10;
const BROKEN = urlOf(3);
const BROKEN_AT = 5_000;
const UNTIL_MS = 65_000;
const SEEDS = [1, 2, 3, 4, 5];

type Draw = (random: Random) => Partial<Omit<Call, 'number'>>;

/** The results of a run. */
interface Ejections {
  /** Milliseconds from the fault to the ejection of the broken backend; `Infinity` if it was not ejected. */
  readonly outAfterMs: number;
  /** How often a healthy backend was ejected. */
  readonly innocents: number;
}

function run(
  seed: number,
  draw: Draw,
  { failover, broken }: { failover: boolean; broken: boolean },
): Ejections {
  let outAfterMs = Number.POSITIVE_INFINITY;
  let innocents = 0;
  simulate({
    seed,
    servers: Array.from({ length: BACKENDS }, () => ({ concurrency: 8 })),
    caller: engine({
      balancer: { guards: [outlierEjection()] },
      ...(failover && { failover: {} }),
      built: (balancer, { env }) =>
        balancer.subscribe((event) => {
          if (event.type !== 'ejected') return;
          if (broken && event.backend === BROKEN) outAfterMs = Math.min(outAfterMs, env.now - BROKEN_AT);
          else innocents++;
        }),
    }),
    rate: 0.1,
    untilMs: UNTIL_MS,
    draw: (random) => ({ sizeMs: 5, ...draw(random) }),
    events: broken
      ? [
          {
            atMs: BROKEN_AT,
            happen: ({ servers }) => Object.assign(servers.get(BROKEN) ?? {}, { conduct: 503 }),
          },
        ]
      : [],
  });
  return { outAfterMs, innocents };
}

const pick = (random: Random, count: number) => Math.floor(random() * count);
const wellKey = (random: Random) => `/${pick(random, 1_000)}`;

/** A key whose home is the broken backend, as the only key. */
function keyOfBroken(): string {
  for (let i = 0; ; i++) {
    let home = '';
    simulate({
      seed: 1,
      servers: Array.from({ length: BACKENDS }, () => ({})),
      caller: engine({
        built: (balancer) => (home = balancer.explain({ key: `/own/${i}` } as Call).picked ?? ''),
      }),
      rate: 1,
      untilMs: 0,
    });
    if (home === BROKEN) return `/own/${i}`;
  }
}

const ownKey = keyOfBroken();

const BROKEN_SEEN_BY: readonly Draw[] = [
  (random) => ({ clientAddress: `c${pick(random, 200)}`, key: wellKey(random) }),
  (random) => ({ clientAddress: 'only', key: wellKey(random) }),
  () => ({ clientAddress: 'only', key: ownKey }),
];

const POISON: readonly Draw[] = [
  // One page that fails on every backend and that all clients request.
  (random) => {
    const isPoison = random() < 0.5;
    return { clientAddress: `c${pick(random, 200)}`, key: isPoison ? '/broken' : wellKey(random), isPoison };
  },
  // Two clients whose requests fail on every backend.
  (random) => {
    const isPoison = random() < 0.8;
    return isPoison
      ? { clientAddress: `bad${pick(random, 2)}`, key: `/poison/${pick(random, 50)}`, isPoison }
      : { clientAddress: `c${pick(random, 200)}`, key: wellKey(random), isPoison };
  },
];

function brokenRow(failover: boolean): Row {
  return {
    name: failover ? 'broken-failover' : 'broken',
    what: `503 to everything, out after: many clients / one client / one key${failover ? ', failover' : ''}`,
    target: 'under 1 s each',
    measure() {
      const medians = BROKEN_SEEN_BY.map((draw) =>
        medianOf(SEEDS.map((seed) => run(seed, draw, { failover, broken: true }).outAfterMs)),
      );
      return {
        figure: medians.map((ms) => `${(ms / 1_000).toFixed(2)} s`).join(' / '),
        met: medians.every((ms) => ms < 1_000),
      };
    },
  };
}

function poisonRow(failover: boolean): Row {
  return {
    name: failover ? 'poison-failover' : 'poison',
    what: `well backends ejected in a minute by one page's / two clients' poison${failover ? ', failover' : ''}`,
    target: failover ? '0 / 0' : 'at most 2 / 2',
    measure() {
      const means = POISON.map((draw) =>
        meanOf(SEEDS.map((seed) => run(seed, draw, { failover, broken: false }).innocents)),
      );
      return {
        figure: means.map((mean) => mean.toFixed(1)).join(' / '),
        met: means.every((mean) => mean <= (failover ? 0 : 2)),
      };
    },
  };
}

export const ejectionRows: readonly Row[] = [
  brokenRow(false),
  brokenRow(true),
  poisonRow(false),
  poisonRow(true),
];
