/** STUB: being written. */
export interface RateLimitVerdict {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}
export interface RateLimiter {
  take(key: string): Promise<RateLimitVerdict>;
}
export function rateLimitHeaders(_verdict: RateLimitVerdict): [string, string][] {
  return [];
}
export function clientNetwork(address: string): string {
  return address;
}
