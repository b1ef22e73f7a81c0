import { moved } from './moved.ts';

/** @deprecated Import it from `evenkeel-gateway/express`. */
export const proxyMiddleware = moved('evenkeel/express', 'evenkeel-gateway/express');
