// Backends that are down, really or by a false alarm: the errors that clients get.
import { maxAwaiting, outlierEjection } from '../../src/index.ts';
import { type EngineOptions, engine } from '../../src/simulator/engine-caller.ts';
import { type Outcomes, simulateInTurns, urlOf } from '../../src/simulator/simulation.ts';
import { runInTurns } from '../../src/simulator/turns.ts';
import { percent, type Row } from './row.ts';

const CONCURRENCY = 8;
/** One of ten must be able to carry 25 % of what ten are made for. */
const SLACK = 4;
const MEAN_MS = 10;
const DOWN_AT = 1_000;
/** The length of the onset. */
const MEASURED = [DOWN_AT + 2_000, DOWN_AT + 17_000] as const;

/** The options of a host that sets only a time limit. */
const BARE: EngineOptions = { timeoutMs: 1_000 };
const FAILOVER: EngineOptions = { ...BARE, failover: {} };
/** The options that the gateway uses by default. */
const GATEWAY: EngineOptions = {
  ...FAILOVER,
  balancer: { guards: [outlierEjection(), maxAwaiting(256)] },
  queue: {},
};

/** A crisis. */
interface Crisis {
  readonly backends: number;
  readonly down: number;
  readonly load: number;
  /** How much more than what it is made for a backend can work on at once. @defaultValue 1 */
  readonly slack?: number;
  readonly isFalseAlarm: boolean;
}

/** Runs a crisis: checks mark some backends down at the moment when they fail, or by a false alarm. */
function crisis(
  { backends, down, load, slack = 1, isFalseAlarm }: Crisis,
  options: EngineOptions,
): Promise<Outcomes> {
  const markDown: EngineOptions['built'] = (balancer, { env }) => {
    for (let i = 0; i < down; i++) env.at(DOWN_AT, () => balancer.markDown(urlOf(i)));
  };
  return simulateInTurns(
    {
      seed: 1,
      servers: Array.from({ length: backends }, () => ({ concurrency: slack * CONCURRENCY })),
      caller: engine({ ...options, built: markDown }),
      rate: (load * backends * CONCURRENCY) / MEAN_MS,
      untilMs: MEASURED[1],
      measured: MEASURED,
      draw: (random) => ({ key: `/${Math.floor(random() * 1_000)}` }),
      events: isFalseAlarm
        ? []
        : [
            {
              atMs: DOWN_AT,
              happen: ({ servers }) => {
                for (let i = 0; i < down; i++) {
                  const server = servers.get(urlOf(i));
                  if (server !== undefined) server.conduct = 'refused';
                }
              },
            },
          ],
    },
    runInTurns,
  );
}

async function reallyDown(options: EngineOptions): Promise<number[]> {
  const ratios: number[] = [];
  for (const [backends, down] of [
    [3, 2],
    [10, 6],
    [10, 9],
  ] as const) {
    const { errorRatio } = await crisis(
      { backends, down, load: 0.25, slack: SLACK, isFalseAlarm: false },
      options,
    );
    ratios.push(errorRatio);
  }
  return ratios;
}

function reallyDownRow(name: string, what: string, options: EngineOptions): Row {
  return {
    name,
    what: `errors at 25 % load, 2 of 3 / 6 of 10 / 9 of 10 down, ${what}`,
    target: '0 / 0 / 0',
    async measure() {
      const ratios = await reallyDown(options);
      return {
        figure: ratios.map((ratio) => percent(ratio)).join(' / '),
        met: ratios.every((ratio) => ratio === 0),
      };
    },
  };
}

export const crisisRows: readonly Row[] = [
  reallyDownRow('down-bare', 'library without failover', BARE),
  reallyDownRow('down-failover', 'library with failover', FAILOVER),
  reallyDownRow('down-gateway', "gateway's settings", GATEWAY),
  {
    name: 'alarm',
    what: 'errors at 60 % load with the default limit, 6 of 10 called down: false alarm / dead',
    target: '0 / at most 34 %',
    async measure() {
      const common = { backends: 10, down: 6, load: 0.6 };
      const alarm = await crisis({ ...common, isFalseAlarm: true }, GATEWAY);
      const dead = await crisis({ ...common, isFalseAlarm: false }, GATEWAY);
      return {
        figure: `${percent(alarm.errorRatio)} / ${percent(dead.errorRatio)}`,
        met: alarm.errors === 0 && dead.errorRatio <= 0.34,
      };
    },
  },
];
