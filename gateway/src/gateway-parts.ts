// What a gateway may be given in addition to its configuration.
import type { FleetStore } from 'evenkeel/fleet';
import { aFunction, anObjectWith, aText, type Bag, bag } from 'evenkeel/internal';
import type { GatewayLog, RateLimiterFactory } from './contracts.ts';

/** Parts of a gateway in addition to its configuration. */
export interface GatewayParts {
  /** The log. @defaultValue none */
  readonly log?: GatewayLog;
  /** The base folder for relative paths of PEM files and secrets. @defaultValue the working directory */
  readonly baseDir?: string;
  /**
   * Creates the rate limiters of routes; the setting `rateLimits` comes first.
   * @defaultValue rate limiters in the memory of this process
   */
  readonly rateLimiter?: RateLimiterFactory;
  /**
   * The store in which gateways agree where keys are, and share health checks; the setting `fleet` comes
   * first.
   * @defaultValue each gateway places keys and checks backends by itself
   */
  readonly fleet?: FleetStore;
}

/** The rules of the parts. */
export const PARTS: Bag<GatewayParts> = bag<GatewayParts>({
  log: anObjectWith('debug', 'info', 'warn', 'error'),
  baseDir: aText,
  rateLimiter: aFunction,
  fleet: anObjectWith('claim', 'put', 'load', 'listen'),
});
