import type { ApiError, Report } from './admin-api.ts';

/** What a poller works with. */
export interface PollerOptions {
  readonly load: () => Promise<Report>;
  readonly onReport: (report: Report) => void;
  /** @param retryMs - when the next try comes */
  readonly onFailure: (error: ApiError, retryMs: number) => void;
}

/** Asks every second while somebody looks; after failures less and less often. */
export function poller({ load, onReport, onFailure }: PollerOptions) {
  const EVERY_MS = 1_000;
  const MAX_RETRY_MS = 15_000;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let isRunning = false;
  let isAsking = false;
  let isAskedAgain = false;

  const waitMs = () => (failures === 0 ? EVERY_MS : Math.min(MAX_RETRY_MS, EVERY_MS * 2 ** (failures - 1)));

  async function ask(): Promise<void> {
    clearTimeout(timer);
    isAskedAgain = isAsking;
    if (isAsking) return;
    isAsking = true;
    const startedAt = performance.now();
    try {
      const report = await load();
      failures = 0;
      onReport(report);
    } catch (error) {
      failures++;
      onFailure(error as ApiError, waitMs());
    }
    isAsking = false;
    if (isAskedAgain) void ask();
    else plan(performance.now() - startedAt);
  }

  /** @param tookMs - how long the last try took: what is well comes in equal steps */
  function plan(tookMs: number): void {
    if (!isRunning || document.hidden) return;
    timer = setTimeout(ask, failures === 0 ? Math.max(0, waitMs() - tookMs) : waitMs());
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else if (isRunning) void ask();
  });

  return {
    start(): void {
      isRunning = true;
      void ask();
    },
    stop(): void {
      isRunning = false;
      clearTimeout(timer);
    },
    /** Asks once, also when stopped. */
    ask: () => void ask(),
    isRunning: () => isRunning,
  };
}
