import type { GatewayLog } from './gateway-log.ts';

/** Writes nothing anywhere. */
export const SILENT: GatewayLog = { debug() {}, info() {}, warn() {}, error() {} };
