import type { StrategyName } from '../../src/index.ts';
import type { Options } from './options.ts';
import { type Report, reportOn } from './report/report.ts';
import { Pass } from './run/pass.ts';
import { byProgress, replaying } from './run/schedule.ts';
import { DEFAULT_REQUESTS, END_BY_MS, FIRST_PASS_LIMIT_MS, SEED } from './settings.ts';
import { shopStream } from './shop/stream.ts';
import type { Passes } from './view/passes.ts';
import type { View } from './view/view.ts';

const REFRESH_MS = 100;
const WARM_UP_REQUESTS = 300;
const WARM_UP_LIMIT_MS = 500;

/**
 * Sends one stream of requests through two strategies, the wanted one and one to compare it with, each over fresh
 * backends and through the same faults.
 *
 * @returns `undefined` where the signal ended it early
 */
export async function runDemo(
  options: Options,
  view: View,
  signal: AbortSignal,
): Promise<Report | undefined> {
  const startedAt = performance.now();
  const stream = shopStream(options.requests ?? DEFAULT_REQUESTS, SEED);
  // Who asks for a number of requests gets that number, however long it takes.
  const limitMs = (ms: number) => (options.requests === undefined ? ms : Number.POSITIVE_INFINITY);

  await warmUp(signal);
  const main = await Pass.open(stream, options.strategy);
  const schedule = byProgress(stream.length, limitMs(FIRST_PASS_LIMIT_MS));
  await watched({ main }, view, () => main.run(schedule, signal));
  if (signal.aborted) return undefined;

  const other = await Pass.open(stream, rivalOf(options.strategy));
  const passes = { main, other };
  // The platform's clock starts with the process.
  const secondLimitMs = limitMs(Math.max(1_000, END_BY_MS - performance.now()));
  const sameAgain = replaying(main.stage.stepsAt, main.sent, secondLimitMs);
  await watched(passes, view, () => other.run(sameAgain, signal));
  if (signal.aborted) return undefined;

  const report = reportOn(main, other, performance.now() - startedAt);
  view.finish(passes, report);
  return report;
}

/** The first requests of a process are slow. These count for nobody, so that only strategies are compared. */
async function warmUp(signal: AbortSignal): Promise<void> {
  const pass = await Pass.open(shopStream(WARM_UP_REQUESTS, SEED + 1), 'consistent-hash');
  try {
    await pass.run(replaying([], WARM_UP_REQUESTS, WARM_UP_LIMIT_MS), signal);
  } finally {
    await pass.cluster.close();
  }
}

/** Round robin is what most people have; against itself it would show nothing. */
function rivalOf(strategy: StrategyName): StrategyName {
  return strategy === 'round-robin' ? 'consistent-hash' : 'round-robin';
}

/** Runs the last of some passes to its end while a view shows it, and closes its servers whatever happens. */
async function watched(passes: Passes, view: View, run: () => Promise<void>): Promise<void> {
  const timer = setInterval(() => view.show(passes), REFRESH_MS);
  try {
    view.show(passes);
    await run();
    view.show(passes);
  } finally {
    clearInterval(timer);
    await (passes.other ?? passes.main).cluster.close();
  }
}
