import type { GatewayLog } from '../contracts.ts';

/** Writes nothing anywhere. */
export const SILENT: GatewayLog = { debug() {}, info() {}, warn() {}, error() {} };
