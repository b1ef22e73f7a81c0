// The demo: two passes over one stream of requests.

import type { StrategyName } from 'evenkeel';
import type { Options } from './options.ts';
import { fairTable } from './report/fair-table.ts';
import { type Report, reportOn } from './report/report.ts';
import { Pass } from './run/pass.ts';
import { byProgress, replaying } from './run/schedule.ts';
import { sendAll } from './run/traffic.ts';
import { DEFAULT_REQUESTS, END_BY_MS, FEWEST_COMPARED, FIRST_PASS_LIMIT_MS, SEED } from './settings.ts';
import { shopStream } from './shop/stream.ts';
import type { Passes } from './view/passes.ts';
import type { View } from './view/view.ts';
import { GatewayWay } from './ways/gateway-way.ts';
import { InProcessWay } from './ways/in-process-way.ts';
import type { Addresses, OpenWay } from './ways/way.ts';

const REFRESH_MS = 100;
const WARM_UP_REQUESTS = 300;
const WARM_UP_LIMIT_MS = 500;
/** Enough traffic for the dashboard to show something. */
const LIGHT_TRAFFIC = { perSecond: 50, maxInFlight: 4 };

/**
 * Sends one stream of requests through two strategies, the chosen one and one for comparison, each with new
 * backends and the same faults.
 */
export class Demo {
  readonly #options: Options;
  readonly #view: View;
  readonly #signal: AbortSignal;
  readonly #openWay: OpenWay;
  #main: Pass | undefined;

  constructor(options: Options, view: View, signal: AbortSignal) {
    this.#options = options;
    this.#view = view;
    this.#signal = signal;
    this.#openWay = options.inProcess
      ? async (pool, strategy) => new InProcessWay(pool, strategy)
      : GatewayWay.open;
  }

  /**
   * Runs the demo up to the summary. The backends of the chosen strategy stay until {@link close}.
   * @param opened - called with the address of the gateway, if there is one
   * @returns `undefined` if the signal ended it early
   */
  async run(opened: (addresses: Addresses) => void): Promise<Report | undefined> {
    const { requests, strategy } = this.#options;
    const signal = this.#signal;
    const startedAt = performance.now();
    const stream = shopStream(requests ?? DEFAULT_REQUESTS, SEED);
    // A given number of requests is sent, however long it takes.
    const limitMs = (ms: number) => (requests === undefined ? ms : Number.POSITIVE_INFINITY);

    await this.#warmUp();
    const main = await Pass.open(stream, strategy, this.#openWay);
    this.#main = main;
    const { addresses } = main.cluster.way;
    if (addresses !== null) opened(addresses);
    await this.#watched({ main }, () =>
      main.run(byProgress(stream.length, limitMs(FIRST_PASS_LIMIT_MS)), signal),
    );
    if (signal.aborted) return undefined;

    const other = await Pass.open(stream, rivalOf(strategy), this.#openWay);
    try {
      const passes = { main, other };
      // `performance.now()` starts with the process.
      const secondLimitMs = limitMs(Math.max(1_000, END_BY_MS - performance.now()));
      const sameAgain = replaying(main.stage.stepsAt, main.sent, secondLimitMs, FEWEST_COMPARED);
      await this.#watched(passes, () => other.run(sameAgain, signal));
      if (signal.aborted) return undefined;
      const fair = await fairTable(main);
      const report = reportOn(main, other, fair, performance.now() - startedAt);
      this.#view.finish(passes, report);
      return report;
    } finally {
      await other.cluster.close();
    }
  }

  /** Sends light traffic until the signal aborts. */
  async keepOn(): Promise<void> {
    const main = this.#main;
    if (main === undefined) return;
    const { stream, cluster } = main;
    const isOver = () => this.#signal.aborted;
    await sendAll({ ...LIGHT_TRAFFIC, isOver }, async (index) => {
      // These requests are not counted.
      await cluster.way.send(stream[index % stream.length] as (typeof stream)[number]).catch(() => {});
    });
  }

  /** Closes everything. */
  async close(): Promise<void> {
    await this.#main?.cluster.close();
  }

  /**
   * Sends requests that do not count, as the first requests of a process are slow and would distort the
   * comparison.
   */
  async #warmUp(): Promise<void> {
    const stream = shopStream(WARM_UP_REQUESTS, SEED + 1);
    const pass = await Pass.open(stream, 'consistent-hash', this.#openWay);
    try {
      await pass.run(replaying([], WARM_UP_REQUESTS, WARM_UP_LIMIT_MS), this.#signal);
    } finally {
      await pass.cluster.close();
    }
  }

  /** Runs the last of the passes to its end while the view shows it. */
  async #watched(passes: Passes, run: () => Promise<void>): Promise<void> {
    const show = () => this.#view.show(passes);
    const timer = setInterval(show, REFRESH_MS);
    try {
      show();
      await run();
      show();
    } finally {
      clearInterval(timer);
    }
  }
}

/** The usual baseline is round robin, except for round robin itself. */
function rivalOf(strategy: StrategyName): StrategyName {
  return strategy === 'round-robin' ? 'consistent-hash' : 'round-robin';
}
