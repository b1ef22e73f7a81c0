/** A configuration that cannot be used; its message says where, what is allowed, and what was there. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One line for each mistake. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.problems = problems;
  }
}

/** A change at run time that cannot be made. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  /** The HTTP status that fits. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
