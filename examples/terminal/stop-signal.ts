/** 128 and the number of the signal, as shells have it. */
const STOPPED = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Aborts when somebody presses Ctrl-C, or nobody reads any more. The exit code of the process says which
 * signal it was.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Not only once: npm and tsx pass on a signal that the terminal has sent to everybody already.
    process.on(name, () => {
      process.exitCode = STOPPED[name];
      controller.abort();
    });
  }
  process.stdout.on('error', () => controller.abort());
  return controller.signal;
}
