import { moved } from './moved.ts';

/** @deprecated Import it from `evenkeel-gateway/fastify`. */
export const fastifyProxy = moved('evenkeel/fastify', 'evenkeel-gateway/fastify');
