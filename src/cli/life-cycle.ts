import type { EventEmitter } from 'node:events';
import type { Gateway, GatewayLog } from '../gateway/contracts.ts';
import type { Env } from '../index.ts';
import { exitCode } from './exit-code.ts';

/** What a gateway lives in. */
export interface LifeCycleParts {
  readonly gateway: Pick<Gateway, 'close'>;
  readonly log: GatewayLog;
  /** Emits signals. */
  readonly process: Pick<EventEmitter, 'on' | 'off'>;
  readonly env: Pick<Env, 'clock' | 'timers'>;
  /** Called at SIGHUP. */
  readonly reload: () => void;
}

/** A terminal's signal may come a second time by way of npm and the like. */
const SAME_SIGNAL_MS = 250;
/** How long ending at once may take. */
const AT_ONCE_MS = 3_000;

/**
 * Waits for the signals that stop a gateway: the first one lets it drain, a second one ends it at once.
 * @returns the exit code, when it is closed: 0, as it did what it was told
 */
export function untilStopped({ gateway, log, process, env, reload }: LifeCycleParts): Promise<number> {
  return new Promise((resolve) => {
    let stoppedAt: number | undefined;
    const end = (code: number) => {
      for (const signal of ['SIGTERM', 'SIGINT']) process.off(signal, stop);
      process.off('SIGHUP', reload);
      resolve(code);
    };
    const failed = (error: unknown) => {
      log.error({ error }, 'the gateway could not be closed');
      end(exitCode.failed);
    };
    const stop = (signal: string) => {
      const now = env.clock.now();
      if (stoppedAt === undefined) {
        stoppedAt = now;
        log.info({ signal }, 'the gateway stops: it ends what it has begun; a second signal ends that, too');
        gateway.close().then(() => end(exitCode.fine), failed);
      } else if (now - stoppedAt > SAME_SIGNAL_MS) {
        log.warn({ signal }, 'the gateway ends at once');
        env.timers.schedule(() => end(exitCode.fine), AT_ONCE_MS);
        gateway.close(0).then(() => end(exitCode.fine), failed);
      }
    };
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop);
    process.on('SIGHUP', reload);
  });
}
