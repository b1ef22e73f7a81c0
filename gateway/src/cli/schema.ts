import { gatewayJsonSchema } from '../config/json-schema.ts';
import { exitCode } from './exit-code.ts';
import type { Io } from './io.ts';

/**
 * Prints the JSON Schema of configuration files.
 * @returns the exit code
 */
export function schema(io: Io): number {
  io.stdout.write(`${JSON.stringify(gatewayJsonSchema(), null, 2)}\n`);
  return exitCode.fine;
}
