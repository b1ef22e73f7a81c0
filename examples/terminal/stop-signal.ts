// Ends a program on a signal.

/** Exit codes: 128 plus the number of the signal, as in shells. */
const STOPPED = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Aborts on Ctrl-C, or when the reader of the output ends. The exit code of the process tells which signal it
 * was.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Handles repeated signals: npm and tsx pass on a signal that the terminal sent to all processes already.
    process.on(name, () => {
      process.exitCode = STOPPED[name];
      controller.abort();
    });
  }
  process.stdout.on('error', () => controller.abort());
  return controller.signal;
}
