import { type ParseArgsConfig, parseArgs } from 'node:util';

type Described = NonNullable<ParseArgsConfig['options']>;

/**
 * Reads the options of a command line; nothing else may stand there.
 * @throws TypeError with one line that says what is wrong
 */
export function readArguments<O extends Described>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    // The platform's message goes on, over several lines, with advice that does not fit here.
    const [problem = ''] = (error as Error).message.split(/\. |\.?\n/);
    throw new TypeError(problem.replace('argument is ambiguous', 'must be followed by its value'));
  }
}

/** @throws RangeError where the text is no integer from `least` to `most` */
export function readInteger(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new RangeError(`${option} must be an integer from ${least} to ${most}, got ${JSON.stringify(text)}`);
}
