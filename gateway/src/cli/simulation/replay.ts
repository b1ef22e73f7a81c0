// The command `replay`.
import {
  type ContenderName,
  type LogFacts,
  type ReplayKey,
  type ReplayResult,
  type ReplayScenario,
  replay as run,
} from 'evenkeel/simulator';
import { wrapped } from '../../report/terminal-report.ts';
import { VERSION } from '../../version.ts';
import { exitCode, UsageError } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { checkLogs, logPieces, sizeOf } from './log-files.ts';
import { ProgressLine } from './progress-line.ts';
import { checkReportOptions, type ReportOptions, showReport } from './report-output.ts';
import { commandText } from './simulate.ts';

/** The options of `replay`. */
export interface ReplayCommandOptions extends ReportOptions {
  readonly format?: string;
  readonly key?: ReplayKey;
  readonly speedUp?: number;
  readonly backends?: number;
  readonly cache?: number;
  /** Milliseconds of a miss, for logs without durations. */
  readonly service?: number;
  readonly bytesPerMs?: number;
  readonly strategies?: readonly ContenderName[];
  readonly seed?: number;
  readonly placements?: number;
}

const BACKENDS = 10;

/**
 * Replays access logs and reports. Ctrl-C ends the run early, and what there is until then is reported.
 * @param paths - of logs, packed or not; `-` is standard input
 * @param args - the command line, for readers who want the same report again
 * @returns the exit code
 * @throws UsageError before anything was written
 */
export async function replayCommand(
  paths: readonly string[],
  options: ReplayCommandOptions,
  args: readonly string[],
  io: Io,
): Promise<number> {
  checkReportOptions(options);
  if (options.service !== undefined && options.bytesPerMs !== undefined)
    throw new UsageError(
      '--service and --bytes-per-ms exclude each other: both say how long a request takes',
    );
  checkLogs(paths);
  const notes = new Set<string>();
  const progress = new ProgressLine(io);
  let result: ReplayResult;
  try {
    result = await resultOf(paths, options, progress, (note) => notes.add(note));
  } finally {
    progress.end();
  }
  for (const note of notes) io.stderr.write(`evenkeel: ${note}\n`);
  if (options.json === true) {
    const { html } = options;
    if (html !== undefined)
      await showReport(result.simulation, contextOf(result, args), { html }, silent(io));
    io.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return exitCode.fine;
  }
  await showReport(result.simulation, contextOf(result, args), options, io);
  if (options.csv !== true) io.stdout.write(`\n${wrapped(factsText(result, options), io.columns)}\n`);
  return exitCode.fine;
}

function contextOf({ answer }: ReplayResult, args: readonly string[]) {
  return { command: commandText(args), lesson: answer, version: VERSION };
}

/** The page alone, where standard output has the document. */
function silent(io: Io): Io {
  return { ...io, stdout: { write: () => true } };
}

async function resultOf(
  paths: readonly string[],
  options: ReplayCommandOptions,
  progress: ProgressLine,
  onNote: (text: string) => void,
): Promise<ReplayResult> {
  const { format, key, speedUp, bytesPerMs } = options;
  const size = sizeOf(paths);
  let hasBegun = false;
  const open = () => {
    let read = 0;
    return logPieces(paths, {
      signal: progress.signal,
      onNote,
      onBytes: (count) => {
        read += count;
        const part = size > 0 ? `${Math.floor((100 * read) / size)} % of the log` : megabytes(read);
        return hasBegun ? undefined : progress.show(() => `reading: ${part}`);
      },
    });
  };
  try {
    return await run(paths.includes('-') ? open() : open, {
      ...(format !== undefined && { format }),
      ...(key !== undefined && { key }),
      ...(speedUp !== undefined && { speedUp }),
      ...(bytesPerMs !== undefined && { bytesPerMs }),
      scenario: scenarioOf(options),
      signal: progress.signal,
      onProgress: ({ requests, of }) => {
        hasBegun = true;
        return progress.show(
          () => `replaying: ${Math.floor((100 * requests) / of)} % of ${of.toLocaleString('en')} requests`,
        );
      },
    });
  } catch (error) {
    // Options, format and scenario are checked before the first request.
    if (!hasBegun && (error instanceof TypeError || error instanceof RangeError))
      throw new UsageError(`${paths.join(', ')}: ${error.message}`);
    throw error;
  }
}

function scenarioOf(options: ReplayCommandOptions): ReplayScenario {
  const { backends, cache, service, strategies, seed, placements, html } = options;
  const measure = {
    ...(placements !== undefined && { placements }),
    ...(html !== undefined && { trace: 2_000 }),
  };
  return {
    ...(cache === undefined
      ? backends !== undefined && { backends }
      : { backends: [{ count: backends ?? BACKENDS, cache }] }),
    ...(service !== undefined && { service: { meanMs: service } }),
    ...(strategies !== undefined && { contenders: strategies }),
    ...(seed !== undefined && { seed }),
    ...(Object.keys(measure).length > 0 && { measure }),
  };
}

/** What the log has, and what is assumed. */
function factsText({ log, speedUp }: ReplayResult, { cache }: ReplayCommandOptions): string {
  const { format, lines, broken, late, requests, fromMs, untilMs, paths, clients, meanDurationMs } = log;
  const counts = [
    `${format} log`,
    `${number(lines)} lines`,
    ...(broken > 0 ? [`${number(broken)} of them no ${broken === 1 ? 'request' : 'requests'}`] : []),
    ...(late > 0 ? [`${number(late)} more than a minute late and left out`] : []),
    `${number(requests)} requests in ${spanText(untilMs - fromMs)}`,
    `${number(paths)} paths`,
    clients === 1 ? '1 client' : `${number(clients)} clients`,
    ...(speedUp === undefined || speedUp === 1 ? [] : [`replayed ${number(speedUp)} times as fast`]),
    ...(meanDurationMs === undefined ? ['no durations: the time of a request is an assumption'] : []),
  ];
  const keys =
    cache === undefined ? 'a tenth of the paths (--cache)' : cache === 1 ? '1 key' : `${number(cache)} keys`;
  return `${counts.join(', ')}.${topText(log)} Each backend has a cache for ${keys}.`;
}

function topText({ topShare, topTenShare, seenOnce, paths }: LogFacts): string {
  const share = (part: number) => `${(100 * part).toFixed(1)} %`;
  return ` The most wanted path has ${share(topShare)} of the requests, the ten most wanted ${share(topTenShare)}; ${share(seenOnce / paths)} of the paths were asked for once.`;
}

function spanText(ms: number): string {
  const hours = ms / 3_600_000;
  if (hours >= 1) return `${hours.toFixed(1)} h`;
  return ms >= 60_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 1_000).toFixed(1)} s`;
}

function number(value: number): string {
  return (value >= 100 ? Math.round(value) : Number(value.toPrecision(3))).toLocaleString('en');
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
