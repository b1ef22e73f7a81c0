// Keeps the process alive after errors that no handler caught.
import type { EventEmitter } from 'node:events';
import type { Env } from 'evenkeel';
import type { GatewayLog } from '../contracts.ts';

/** This many faults are logged one by one; later ones at most once in this time. */
const ALL_UP_TO = 10;
const LATER_EVERY_MS = 1_000;

/**
 * Logs and counts uncaught errors, and lets the process run on: an error of one request does not concern the
 * others. A flood of errors is logged once a second.
 * @param onFault - called for each error
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
      log()?.error({ error, count }, `uncaught error (${kind}); the gateway goes on`);
    }
    onFault(error instanceof Error ? error.message : String(error));
  };
  process.on('uncaughtException', (error: unknown) => fault(error, 'exception'));
  process.on('unhandledRejection', (error: unknown) => fault(error, 'rejection'));
}
