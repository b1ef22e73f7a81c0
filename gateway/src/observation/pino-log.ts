// The log of a gateway, written by pino as JSON or as text for people.
import pino from 'pino';
import type { GatewayConfig } from '../config/schema.ts';
import type { AccessRecord, GatewayLog } from './gateway-log.ts';
import { prettyLines } from './pretty-line.ts';
import { standardOutput } from './standard-output.ts';

/** Where log lines go. */
export interface LogDestination {
  /** Takes one line, its line feed included; never throws and never waits. */
  write(line: string): void;
  /**
   * Whether the destination is a terminal: without a configured format, lines are text for people there.
   * @defaultValue false
   */
  readonly isTerminal?: boolean;
  /** Whether the terminal shows colours. @defaultValue false */
  readonly hasColors?: boolean;
}

/** A longer path is cut, so that a line fits into one atomic write. */
const MAX_PATH_LENGTH = 2_048;
const REDACTED = '[redacted]';
const SECRET_FIELDS = ['authorization', 'cookie', 'set-cookie', 'token', 'secret', 'password', 'passphrase'];

/** A query may hold secrets. */
function withoutQuery(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const end = value.search(/[?#]/);
  const path = end < 0 ? value : value.slice(0, end);
  return path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}...` : path;
}

function shownError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, code } = error as NodeJS.ErrnoException;
  return { name, message, code, stack: stack?.replace(/[^\P{Cc}\n]/gu, ' ') };
}

/** Rounds to a microsecond. */
function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value;
}

const serializers = {
  durationMs: rounded,
  path: withoutQuery,
  url: withoutQuery,
  error: shownError,
  err: shownError,
  ...Object.fromEntries(SECRET_FIELDS.map((name) => [name, () => REDACTED])),
};

/**
 * A log of JSON lines, or of text for people. `access` lines have the fields of {@link AccessRecord}; every
 * line has `level`, `time` (ISO 8601), `pid` and `msg`. Control characters are escaped; paths lose their
 * query, and fields named like a secret their value.
 * @param config - the level, whether requests are logged (at `info`), and the format; without a format, text
 *   on a terminal, else JSON
 * @param destination - @defaultValue standard output; a slow or missing reader delays nothing
 * @param worker - the number of the worker, which every line has then
 */
export function pinoLog(
  config: GatewayConfig['log'],
  destination?: LogDestination,
  worker?: number,
): GatewayLog {
  const onRecovered = (dropped: number) => log.warn({ dropped }, 'lines of the log were lost');
  const to = destination ?? standardOutput({ onBroken: tellBroken, onRecovered });
  const format = config.format ?? (to.isTerminal ? 'pretty' : 'json');
  const pretty = format === 'pretty' ? prettyLines(to.hasColors ?? false) : undefined;
  const logger = pino(
    {
      level: config.level,
      base: { pid: process.pid, ...(worker !== undefined && { worker }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers,
    },
    { write: (line) => to.write(pretty === undefined ? line : pretty(line)) },
  );
  const log = gatewayLog(logger, config.access && logger.isLevelEnabled('info'));
  return log;
}

function gatewayLog(logger: pino.Logger, wantsAccess: boolean): GatewayLog {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    access: wantsAccess ? (record: AccessRecord) => logger.info(record, 'request') : undefined,
  };
}

function tellBroken(error: Error): void {
  process.stderr.write(
    `evenkeel: the reader of the log is gone; no more lines are written (${error.message})\n`,
  );
}
