import type { Balancer } from '../balancer/balancer.ts';
import type { HTTPService, Request } from '../contracts.ts';
import type { Env } from '../env.ts';

/** STUB: being written. */
export interface HealthCheckOptions {
  readonly path?: string;
}
export class HealthChecker {
  constructor(_balancer: Balancer<Request>, _httpService: HTTPService, _options: HealthCheckOptions & { env?: Partial<Env> }) {}
  close(): void {}
}
