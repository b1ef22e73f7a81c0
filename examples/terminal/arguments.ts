import { type ParseArgsConfig, parseArgs } from 'node:util';

type Described = NonNullable<ParseArgsConfig['options']>;

/**
 * Reads the options of a command line, which may contain nothing else.
 * @throws TypeError with a message of one line if the command line is invalid
 */
export function readArguments<O extends Described>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    // Only the first line: the rest of the platform's message is advice that does not apply here.
    const [problem = ''] = (error as Error).message.split(/\. |\.?\n/);
    throw new TypeError(problem.replace('argument is ambiguous', 'must be followed by its value'));
  }
}

/** @throws RangeError if the text is not an integer from `least` to `most` */
export function readInteger(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new RangeError(`${option} must be an integer from ${least} to ${most}, got ${JSON.stringify(text)}`);
}
