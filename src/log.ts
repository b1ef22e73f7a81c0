// Where a `Loadbalancer` logs to: a logger of the host, of pino's kind, or the console.

import type { BalancerEvent } from './balancer/events.ts';
import { isError } from './errors.ts';
import type { ILoggerService } from './logger.ts';
import { shown } from './shown.ts';

/** How much a message matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Logs a fixed text and the objects that it is about. Never throws. */
export type Log = (level: LogLevel, text: string, ...subjects: unknown[]) => void;

type LevelMethods = Readonly<Record<LogLevel, (...args: unknown[]) => unknown>> & {
  readonly isLevelEnabled?: (level: string) => boolean;
};

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/**
 * The log that writes to a logger of the host.
 * @param logger - has `log`, or a method for each level, as the console and pino have; `undefined` for none
 * @throws TypeError if it is anything else
 */
export function logTo(logger: unknown): Log {
  if (logger === undefined) return () => {};
  const write = writerTo(logger);
  return (level, text, ...subjects) => {
    try {
      const pending = write(level, text, subjects);
      if (pending instanceof Promise) pending.catch(() => {});
    } catch {
      // A logger never breaks a request, and there is no other place to report it to.
    }
  };
}

function writerTo(logger: unknown): (level: LogLevel, text: string, subjects: unknown[]) => unknown {
  const isObject = (typeof logger === 'object' && logger !== null) || typeof logger === 'function';
  const given = (isObject ? logger : {}) as Partial<ILoggerService & LevelMethods>;
  const hasLevels = LEVELS.every((level) => typeof given[level] === 'function');
  if (hasLevels && isConsole(given)) {
    const { debug, info, warn, error } = given as LevelMethods;
    const methods = { debug, info, warn, error };
    return (level, text, subjects) => methods[level].call(logger, 'evenkeel', text, ...subjects);
  }
  if (typeof given.log === 'function')
    return (level, text, subjects) => (logger as ILoggerService).log(level, text, ...subjects);
  if (hasLevels) {
    const methods = logger as LevelMethods;
    return (level, text, subjects) => {
      if (methods.isLevelEnabled?.(level) === false) return undefined;
      return methods[level](fieldsOf(subjects), text);
    };
  }
  throw new TypeError(
    `loggerService must have a method log, or be a console or a logger such as pino, got ${shown(logger)}`,
  );
}

/** Its `log` takes no level. */
function isConsole(logger: object): boolean {
  return Object.prototype.toString.call(logger) === '[object console]' || 'groupCollapsed' in logger;
}

/** What strings among the subjects are, in their order. */
const NAMES = ['method', 'path', 'backend'] as const;

/** Subjects by name, for loggers that write objects. A response gives its status alone. */
function fieldsOf(subjects: readonly unknown[]): object {
  const fields: Record<string, unknown> = {};
  let next = 0;
  for (const subject of subjects) {
    if (isError(subject)) fields.err = subject;
    else if (typeof subject !== 'object' || subject === null) fields[NAMES[next++] ?? 'subject'] = subject;
    else if ('status' in subject) fields.status = subject.status;
    else Object.assign(fields, subject);
  }
  return fields;
}

/** The level and the text of each type of event. */
const EVENT_LINES: Readonly<Record<BalancerEvent['type'], readonly [level: LogLevel, text: string]>> = {
  added: ['info', 'backend added'],
  removed: ['info', 'backend removed'],
  up: ['info', 'backend up'],
  down: ['warn', 'backend down'],
  draining: ['info', 'backend draining'],
  drained: ['info', 'backend drained'],
  resumed: ['info', 'backend resumed'],
  ejected: ['warn', 'backend ejected'],
  returned: ['info', 'backend returned'],
  opened: ['warn', 'circuit breaker opened'],
  'half-open': ['info', 'circuit breaker half-open'],
  closed: ['info', 'circuit breaker closed'],
  panic: ['warn', 'panic'],
  crisis: ['warn', 'crisis'],
  trial: ['info', 'trial of an unhealthy backend'],
  moved: ['debug', 'key moved'],
  rejected: ['warn', 'pool entry rejected'],
  warning: ['warn', 'check the options'],
};

/** Logs a change of the pool. */
export function logEvent(log: Log, event: BalancerEvent): void {
  const [level, text] = EVENT_LINES[event.type];
  log(level, text, event);
}
