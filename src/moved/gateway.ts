import { moved } from './moved.ts';

/** @deprecated Import it from `evenkeel-gateway`. */
export const createGateway = moved('evenkeel/gateway', 'evenkeel-gateway');
/** @deprecated Import it from `evenkeel-gateway`. */
export const createProxy = createGateway;
/** @deprecated Import it from `evenkeel-gateway`. */
export const ConfigError = createGateway;
/** @deprecated Import it from `evenkeel-gateway`. */
export const ControlError = createGateway;
