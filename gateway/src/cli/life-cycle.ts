import type { EventEmitter } from 'node:events';
import type { Env } from 'evenkeel';
import type { Gateway, GatewayLog } from '../contracts.ts';
import { exitCode } from './exit-code.ts';

/** What a gateway lives in. */
export interface LifeCycleParts {
  readonly gateway: Pick<Gateway, 'close'>;
  readonly log: GatewayLog;
  /** Emits signals. */
  readonly process: Pick<EventEmitter, 'on' | 'off'>;
  readonly env: Pick<Env, 'clock' | 'timers'>;
  /** Called at SIGHUP; left out, that ends the process. */
  readonly reload: (() => void) | undefined;
}

/** A terminal's signal may come a second time by way of npm and the like. */
const SAME_SIGNAL_MS = 250;
/** How long ending at once may take. */
const AT_ONCE_MS = 3_000;

/** Waits for the signals that stop a gateway: the first one lets it drain, a second one ends it at once. */
export class LifeCycle {
  /** The exit code, when the gateway is closed: 0, as it did what it was told. */
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

  /** Does not listen to signals any more. */
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
      log.info({ signal }, 'the gateway stops: it ends what it has begun; a second signal ends that, too');
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
