import type { EventEmitter } from 'node:events';
import type { Env } from 'evenkeel';
import type { GatewayLog } from '../contracts.ts';

/** How many faults are told one by one, and how often the later ones. */
const ALL_UP_TO = 10;
const LATER_EVERY_MS = 1_000;

/**
 * Keeps a process alive through errors that nobody has caught: whatever one request has broken, the others have not. Each is counted, and
 * told to the log, a flood of them once a second.
 * @param onFault - is told of each
 */
export function surviveFaults(
  process: Pick<EventEmitter, 'on'>,
  log: () => GatewayLog | undefined,
  { clock }: Pick<Env, 'clock'>,
  onFault: (reason: string) => void = () => {},
): void {
  let count = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  const fault = (error: unknown, kind: string) => {
    count++;
    const now = clock.now();
    if (count <= ALL_UP_TO || now - toldAt >= LATER_EVERY_MS) {
      toldAt = now;
      log()?.error({ error, count }, `an error was not caught (${kind}); the gateway serves on`);
    }
    onFault(error instanceof Error ? error.message : String(error));
  };
  process.on('uncaughtException', (error: unknown) => fault(error, 'exception'));
  process.on('unhandledRejection', (error: unknown) => fault(error, 'rejection'));
}
