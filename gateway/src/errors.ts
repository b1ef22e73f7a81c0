// The errors of the gateway.

/** An invalid configuration. Each line of the message names a setting, the rule and the value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One line for each mistake. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.problems = problems;
  }
}

/** A change at run time that is not possible. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  /** The HTTP status for the response. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
