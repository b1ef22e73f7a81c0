import type { GatewayLog } from './gateway-log.ts';

/** A log that writes nothing. */
export const SILENT: GatewayLog = { debug() {}, info() {}, warn() {}, error() {} };
