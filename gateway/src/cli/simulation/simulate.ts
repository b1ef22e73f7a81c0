// The command `simulate`.

import { presets, simulate as run, type SimulationResult } from 'evenkeel/simulator';
import { yaml } from '../../lazy-packages.ts';
import { VERSION } from '../../version.ts';
import { exitCode, UsageError } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { table } from '../table.ts';
import { ProgressLine } from './progress-line.ts';
import { checkReportOptions, type ReportOptions, showReport } from './report-output.ts';
import { type FoundScenario, findScenario, type ScenarioOptions } from './scenario-source.ts';

/** The options of `simulate`. */
export interface SimulateCommandOptions extends ScenarioOptions, ReportOptions {
  readonly list?: boolean;
}

/** The first requests that a page plays in slow motion. */
const TRACED = 2_000;

/**
 * Simulates a scenario and reports. Ctrl-C ends the run early, and what there is until then is reported.
 * @param name - of a preset or a file
 * @param args - the command line, for readers who want the same report again
 * @returns the exit code
 * @throws UsageError or ConfigError before anything was written
 */
export async function simulateCommand(
  name: string | undefined,
  options: SimulateCommandOptions,
  args: readonly string[],
  io: Io,
): Promise<number> {
  if (options.list === true) {
    const rows = Object.entries(presets).map(([preset, { title }]) => [preset, title]);
    io.stdout.write(table(rows));
    return exitCode.fine;
  }
  checkReportOptions(options);
  const { config, pool, strategies, seed, requests, placements } = options;
  const found = findScenario(name, { config, pool, strategies, seed, requests, placements });
  for (const note of found.notes) io.stderr.write(`evenkeel: ${note}\n`);
  const progress = new ProgressLine(io);
  let result: SimulationResult;
  try {
    result = await resultOf(found, options.html !== undefined, progress);
  } finally {
    progress.end();
  }
  const { scenario, lesson } = found;
  const context = {
    command: commandText(args),
    scenario: yaml().stringify(scenario),
    lesson,
    version: VERSION,
  };
  await showReport(result, context, options, io);
  return exitCode.fine;
}

async function resultOf(
  { scenario, place }: FoundScenario,
  isPlayed: boolean,
  progress: ProgressLine,
): Promise<SimulationResult> {
  const traced = isPlayed ? { ...scenario, measure: { trace: TRACED, ...scenario.measure } } : scenario;
  let hasBegun = false;
  try {
    return await run(traced, {
      signal: progress.signal,
      onProgress: ({ requests, of }) => {
        hasBegun = true;
        return progress.show(
          () =>
            `${Math.floor((100 * requests) / of)} %, ${requests.toLocaleString('en')} of ${of.toLocaleString('en')} requests`,
        );
      },
    });
  } catch (error) {
    // A scenario is checked before the first request.
    if (!hasBegun && (error instanceof TypeError || error instanceof RangeError))
      throw new UsageError(`${place}: ${error.message}`);
    throw error;
  }
}

/** The command line, as a shell takes it. */
export function commandText(args: readonly string[]): string {
  return `evenkeel ${args.map(quoted).join(' ')}`;
}

/** An argument as a shell takes it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
