// The ways to send a request that `npm run bench:requests` compares.

/** In the order in which they are timed and shown. */
export const NAMES = ['balancer', 'bare', 'timeoutMs', 'totalTimeoutMs', 'both', 'signal'] as const;
export type Name = (typeof NAMES)[number];

/** Each way in words, and how many times the cost of `balancer` it may have. */
export const WAYS: Readonly<Record<Name, { readonly what: string; readonly target?: number }>> = {
  balancer: { what: '`Balancer`: acquire, await the service, write, release' },
  bare: { what: '`Loadbalancer.onRequest`', target: 2.5 },
  timeoutMs: { what: 'the same with `timeoutMs`', target: 5 },
  totalTimeoutMs: { what: 'the same with `totalTimeoutMs`', target: 6 },
  both: { what: 'the same with both' },
  signal: { what: "the same with a caller's signal" },
};
