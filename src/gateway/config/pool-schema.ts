import { z } from 'zod';
import { type StrategyName, strategies } from '../../index.ts';
import { count, duration, headerValue, pem, ratio, secret, token } from './values.ts';

const backend = z.union([
  z.string(),
  z.strictObject({
    url: z.string(),
    id: z.string().min(1).optional(),
    weight: z.number().min(0).max(1_000).optional(),
    zone: z.string().min(1).optional(),
    backup: z.boolean().optional(),
  }),
]);

/** What equal requests have in common, so that they go to one backend. */
const affinity = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('path') }),
  z.strictObject({ by: z.literal('client-address') }),
  z.strictObject({ by: z.literal('header'), name: token }),
  z.strictObject({ by: z.literal('cookie'), name: token }),
  z.strictObject({ by: z.literal('jwt-claim'), claim: z.string().min(1) }),
]);

const cookieSessions = z.strictObject({
  /** Keys of at least 32 bytes: the first one signs, all of them verify. */
  secrets: z.array(secret).min(1),
  name: token.default('evenkeel'),
  path: z.string().startsWith('/').default('/'),
  /** Left out: over TLS only where the request came over TLS. */
  secure: z.boolean().optional(),
  maxAgeMs: duration.optional(),
});

const jwtSessions = z.strictObject({
  /** A secret, a PEM public key, a JWK or a JWKS. */
  key: z.union([secret, z.record(z.string(), z.unknown())]),
  algorithms: z.array(z.string()).min(1),
  issuer: z.union([z.string(), z.array(z.string())]).optional(),
  audience: z.union([z.string(), z.array(z.string())]).optional(),
  claim: z.string().min(1).default('sub'),
});

const sessions = z.union([
  z.strictObject({ cookie: cookieSessions }),
  z.strictObject({ jwt: jwtSessions }),
]);

const health = z.strictObject({
  path: z.string().startsWith('/').default('/health'),
  method: token.default('GET'),
  headers: z.record(token, headerValue).default({}),
  /** Statuses and ranges of them, both ends included, that are well. */
  statuses: z
    .array(z.union([z.int(), z.tuple([z.int(), z.int()])]))
    .min(1)
    .default([[200, 399]]),
  intervalMs: duration.default(10_000),
  fastIntervalMs: duration.optional(),
  timeoutMs: duration.default(2_000),
  fall: count.default(3),
  rise: count.default(2),
  /** Above which use, 0 to 1, of what it reports a backend counts as failed. */
  workload: z
    .strictObject({
      cpu: ratio.optional(),
      memory: ratio.optional(),
      network: ratio.optional(),
      eventLoop: ratio.optional(),
      application: ratio.optional(),
    })
    .default({}),
});

const ejection = z.strictObject({
  consecutiveFailures: count.optional(),
  baseMs: duration.optional(),
  maxMs: duration.optional(),
  maxEjectedRatio: ratio.optional(),
});

const retries = z.strictObject({
  retries: z.int().min(0).max(10).default(1),
  retryOn: z.array(z.int().min(400).max(599)).default([502, 503, 504]),
  minDelayMs: z.number().min(0).max(60_000).default(25),
  maxDelayMs: z.number().min(0).max(60_000).default(250),
  budget: z.strictObject({ ratio: ratio.default(0.2), floor: z.int().min(0).default(3) }).prefault({}),
});

const strategyNames = Object.keys(strategies) as [StrategyName, ...StrategyName[]];

/** Equal backends, and how requests are spread over them. */
export const pool = z.strictObject({
  backends: z.array(backend),
  strategy: z.enum(strategyNames).default('consistent-hash'),
  seed: z.int().min(0).max(0xffff_ffff).default(0),
  bounds: z
    .strictObject({
      factor: z.number().min(1).optional(),
      z: z.number().min(0).optional(),
      rememberedKeys: z.int().min(0).max(2 ** 20).optional(),
    })
    .default({}),
  panicRatio: ratio.default(0.5),
  /** Left out: the client's address for `ip-hash`, else the path. */
  affinity: affinity.optional(),
  sessions: sessions.optional(),
  health: z.union([z.boolean(), health]).default(true),
  ejection: z.union([z.boolean(), ejection]).default(true),
  circuitBreaker: z.boolean().default(false),
  slowStart: z.union([z.literal(false), z.strictObject({ durationMs: duration.default(30_000) })]).default(false),
  maxInFlight: count.optional(),
  retries: z.union([z.boolean(), retries]).default(true),
  queue: z
    .union([
      z.boolean(),
      z.strictObject({ limit: z.int().min(0).max(100_000).default(100), timeoutMs: duration.default(3_000) }),
    ])
    .default(true),
  timeouts: z
    .strictObject({
      connectMs: duration.default(3_000),
      /** For the head of one backend's answer. */
      headersMs: duration.default(15_000),
      /** Between two pieces of an answer's body. */
      bodyMs: duration.default(30_000),
      /** For all attempts together, until the head of an answer. */
      totalMs: duration.default(30_000),
      /** How long an idle connection is kept; less than the backends keep theirs. */
      idleMs: duration.default(4_000),
    })
    .prefault({}),
  /** Sockets for each backend. Left out: as many as are needed. */
  connections: count.optional(),
  tls: z
    .strictObject({
      ca: z.union([pem, z.array(pem)]).optional(),
      serverName: z.string().min(1).optional(),
      /** `false` trusts any certificate: for tests alone. */
      verify: z.boolean().default(true),
      cert: pem.optional(),
      key: pem.optional(),
    })
    .optional(),
  zones: z
    .strictObject({
      /** The header that names a request's zone. */
      header: token.optional(),
      /** The zone of requests without one. */
      own: z.string().min(1).optional(),
      order: z.array(z.string().min(1)).optional(),
    })
    .optional(),
});

/** A pool, with every default filled in. */
export type PoolConfig = z.output<typeof pool>;
