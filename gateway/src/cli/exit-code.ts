/** The exit codes of the command line. */
export const exitCode = {
  /** Success; a signal stopped a gateway. */
  fine: 0,
  /** An error at run time. */
  failed: 1,
  /** The command line or the configuration is wrong; nothing was started. */
  wrong: 2,
} as const;

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
