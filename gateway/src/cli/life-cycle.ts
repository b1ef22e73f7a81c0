// Turns the signals of the process into the end of a gateway.
import type { EventEmitter } from 'node:events';
import type { Env } from 'evenkeel';
import type { Gateway, GatewayLog } from '../contracts.ts';
import { exitCode } from './exit-code.ts';

/** What a life cycle needs. */
export interface LifeCycleParts {
  readonly gateway: Pick<Gateway, 'close'>;
  readonly log: GatewayLog;
  /** Emits signals. */
  readonly process: Pick<EventEmitter, 'on' | 'off'>;
  readonly env: Pick<Env, 'clock' | 'timers'>;
  /** Called at SIGHUP; without it SIGHUP ends the process. */
  readonly reload: (() => void) | undefined;
}

/** A wrapper such as npm passes a terminal's signal on: a second one within this time is the same. */
const SAME_SIGNAL_MS = 250;
/** The time limit of an immediate end. */
const AT_ONCE_MS = 3_000;

/** Waits for the signals that stop a gateway: the first one drains it, a second one ends it at once. */
export class LifeCycle {
  /** Resolves to the exit code when the gateway is closed; 0 if that succeeded. */
  readonly ended: Promise<number>;
  readonly #parts: LifeCycleParts;
  #end: (code: number) => void = () => {};
  #stoppedAt: number | undefined;

  constructor(parts: LifeCycleParts) {
    this.#parts = parts;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    for (const signal of ['SIGTERM', 'SIGINT']) parts.process.on(signal, this.#stop);
    if (parts.reload !== undefined) parts.process.on('SIGHUP', parts.reload);
  }

  /** Whether a signal has come. */
  get isStopping(): boolean {
    return this.#stoppedAt !== undefined;
  }

  /** Stops listening to signals. */
  dispose(): void {
    const { process, reload } = this.#parts;
    for (const signal of ['SIGTERM', 'SIGINT']) process.off(signal, this.#stop);
    if (reload !== undefined) process.off('SIGHUP', reload);
  }

  readonly #stop = (signal: string): void => {
    const { log, env } = this.#parts;
    const now = env.clock.now();
    if (this.#stoppedAt === undefined) {
      this.#stoppedAt = now;
      log.info(
        { signal },
        'the gateway stops when the requests in flight have ended; a second signal ends them at once',
      );
      void this.#close();
    } else if (now - this.#stoppedAt > SAME_SIGNAL_MS) {
      log.warn({ signal }, 'the gateway ends at once');
      env.timers.schedule(() => this.#end(exitCode.fine), AT_ONCE_MS, true);
      void this.#close(0);
    }
  };

  /** Never rejects. */
  async #close(graceMs?: number): Promise<void> {
    const { gateway, log } = this.#parts;
    try {
      await gateway.close(graceMs);
      log.info({}, 'the gateway has stopped');
      this.#end(exitCode.fine);
    } catch (error) {
      log.error({ error }, 'the gateway could not be closed');
      this.#end(exitCode.failed);
    }
  }
}
