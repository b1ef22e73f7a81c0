// Runs a scenario: every contender in every placement gets the same traffic, chunk by chunk, so that a run
// that ends early has the same part for all.
import { digest } from '../hashing/hash.ts';
import { bag, checkBag } from '../options/bag.ts';
import { aFunction, aSignal } from '../options/rule.ts';
import { FastRun } from './fast-run.ts';
import { backendFigures, distributionOf, figuresOf, seriesOf } from './figures.ts';
import { bestOf, findingsOf } from './findings.ts';
import { ListedTraffic } from './listed-traffic.ts';
import type { ContenderResult, SimulationResult } from './result.ts';
import type { Run } from './run.ts';
import type { Scenario } from './scenario.ts';
import { type Setup, setupOf } from './setup.ts';
import { SeriesSums } from './tally.ts';
import { ScenarioTraffic, TrafficChunk, type TrafficSource } from './traffic.ts';
import { WholeRun } from './whole-run.ts';

/** How far a simulation is. */
export interface Progress {
  /** Requests of all contenders in all placements that have come. */
  readonly requests: number;
  /** How many of them there will be. */
  readonly of: number;
}

/** Options of a simulation beside its scenario. */
export interface SimulateOptions {
  /** Ends the run early: the result has what has come until then, the same part for every contender. */
  readonly signal?: AbortSignal;
  /**
   * Called every few thousand requests, and awaited: a promise that takes a turn of the event loop lets the
   * process do other things meanwhile, such as noticing Ctrl-C.
   */
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
}

const OPTIONS = bag<SimulateOptions>({ signal: aSignal, onProgress: aFunction });

/**
 * Simulates backends, traffic and load balancers: the engine as it is, on a virtual clock. No time passes and
 * nothing is sent. The same scenario gives the same result, to the last bit, on every runtime. Takes some
 * microseconds for each request of each contender in each placement.
 *
 * @returns a promise of plain data; rejects with a TypeError or RangeError that names what is wrong in the
 * scenario
 */
export async function simulate(scenario: Scenario, options: SimulateOptions = {}): Promise<SimulationResult> {
  checkBag(options, OPTIONS, 'options', 'simulate');
  const setup = setupOf(scenario);
  const { listed } = setup;
  return compare(
    setup,
    listed === undefined ? new ScenarioTraffic(setup) : new ListedTraffic(setup, listed),
    options,
  );
}

/** Gives the same traffic to every contender of a setup. */
export async function compare(
  setup: Setup,
  traffic: TrafficSource,
  { signal, onProgress }: SimulateOptions,
): Promise<SimulationResult> {
  const { contenders, backends, durationMs, measure, requests } = setup;
  const floor = measure.floor ?? (contenders.some(({ queue }) => queue !== undefined) ? 'whole' : 'fast');
  const OneRun = floor === 'whole' ? WholeRun : FastRun;
  const lanes = contenders.map((contender) => {
    const series = new SeriesSums(measure.points, durationMs, backends.length);
    const runs = Array.from(
      { length: measure.placements },
      (_, placement): Run => new OneRun({ setup, contender, placement, series, keys: traffic.keys }),
    );
    return { contender, series, runs };
  });
  const runs = lanes.flatMap((lane) => lane.runs);
  const chunk = new TrafficChunk();
  let come = 0;
  let isComplete = true;
  while (await traffic.next(chunk)) {
    for (const run of runs) await run.feed(chunk);
    come += chunk.count;
    await onProgress?.({ requests: come * runs.length, of: requests * runs.length });
    if (signal?.aborted !== true) continue;
    isComplete = come >= requests;
    if (!isComplete) break;
  }
  for (const run of runs) await run.finish();
  const names = backends.map(({ name }) => name);
  const concurrencies = backends.map(({ server }) => server.concurrency ?? 1);
  const hasCaches = backends.some(({ server }) => server.cache !== undefined);
  const results = lanes.map(({ contender, series, runs }): ContenderResult => {
    const [first] = runs as [Run];
    return {
      label: contender.label,
      strategy: first.strategy,
      floor: first.floor,
      figures: figuresOf(runs),
      series: seriesOf(series, runs.length, hasCaches),
      latency: distributionOf(series),
      backends: backendFigures(names, runs, concurrencies, durationMs),
      noticed: first.noticed,
      trace: first.trace?.trace(first.env.now),
    };
  });
  const best = bestOf(results);
  const result = {
    name: setup.name,
    seed: setup.seed,
    requests: come,
    isComplete,
    durationMs,
    placements: measure.placements,
    balancers: setup.balancers.length,
    warmUpMs: measure.warmUp * durationMs,
    backends: names,
    events: setup.timeline,
    contenders: results,
    best,
    findings: findingsOf(contenders, results),
  };
  return { ...result, digest: digest(JSON.stringify(result)) };
}
