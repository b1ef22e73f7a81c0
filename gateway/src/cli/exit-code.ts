/** What the exit codes mean. */
export const exitCode = {
  /** All went well; a gateway was stopped by a signal. */
  fine: 0,
  /** Something failed at run time. */
  failed: 1,
  /** The command line or the configuration is wrong; nothing was started. */
  wrong: 2,
} as const;

/** A command line that asks for what there is not. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
