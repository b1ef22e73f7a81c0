import { moved } from './moved.ts';

/** @deprecated Import it from `evenkeel-gateway`. */
export const createGateway = moved('evenkeel/gateway', 'evenkeel-gateway');
/** @deprecated Import it from `evenkeel-gateway`. */
export const createProxy = moved('evenkeel/gateway', 'evenkeel-gateway');
/** @deprecated Import it from `evenkeel-gateway`. */
export const ConfigError = moved('evenkeel/gateway', 'evenkeel-gateway');
/** @deprecated Import it from `evenkeel-gateway`. */
export const ControlError = moved('evenkeel/gateway', 'evenkeel-gateway');
