/** How many cases each family of the catalogue has; they are numbered from 01. */
const FAMILIES = {
  S: 60,
  K: 22,
  D: 19,
  T: 29,
  H: 15,
  P: 14,
  F: 8,
  R: 50,
  X: 57,
  L: 10,
  Z: 17,
  B: 7,
  E: 12,
  Y: 14,
  W: 20,
  J: 18,
  Q: 12,
  M: 6,
  C: 13,
  G: 12,
  V: 10,
  N: 41,
} as const;

/** A family of cases, by its letter. */
export type Family = keyof typeof FAMILIES;

/** What each family is about. */
export const families: Readonly<Record<Family, string>> = {
  S: 'framing: heads',
  K: 'framing: chunks',
  D: 'framing: requests behind requests',
  T: 'request line and target',
  H: 'Host',
  P: 'hop-by-hop headers',
  F: 'identity: who asks, and through whom',
  R: 'answers and bodies',
  X: 'HTTP/2',
  L: 'limits',
  Z: 'slow clients and backends',
  B: 'backpressure and memory',
  E: 'failures',
  Y: 'retries',
  W: 'WebSocket and Upgrade',
  J: 'sessions: cookies and tokens',
  Q: 'rates, queues, hostile keys',
  M: 'operators',
  C: 'configuration',
  G: 'life cycle',
  V: 'TLS',
  N: 'what other suites try octet by octet',
};

/** The number of every case that there is, in the order of the catalogue. */
export const catalogue: readonly string[] = Object.entries(FAMILIES).flatMap(([family, count]) =>
  Array.from({ length: count }, (_, i) => `${family}${String(i + 1).padStart(2, '0')}`),
);
