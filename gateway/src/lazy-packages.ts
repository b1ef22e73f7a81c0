// Packages that are loaded when they are first needed. Most gateways never need them, and each one costs
// about 10 MB and 30 ms at the start.
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** For configuration files in YAML. */
export function yaml(): typeof import('yaml') {
  return load('yaml') as typeof import('yaml');
}

/** For a log that people read. */
export function pinoPretty(): typeof import('pino-pretty') {
  return load('pino-pretty') as typeof import('pino-pretty');
}
