import { z } from 'zod';
import { pool } from './pool-schema.ts';
import { count, duration, durationOrOff, headerValue, pem, port, secret, token } from './values.ts';

const certificate = z.strictObject({ cert: pem, key: pem, passphrase: secret.optional() });

const listener = z.strictObject({
  /** Left out: every address of this machine. */
  host: z.string().min(1).optional(),
  port,
  /** HTTP/2 without TLS, by prior knowledge (RFC 9113 section 3.3), beside HTTP/1.1. */
  h2c: z.boolean().default(false),
  tls: z
    .strictObject({
      /** The names that each is for stand in the certificates themselves; the first is for all others. */
      certificates: z.array(certificate).min(1),
      minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
      http2: z.boolean().default(true),
    })
    .optional(),
});

const headerRules = z.strictObject({
  set: z.record(token, headerValue).default({}),
  remove: z.array(token).default([]),
});

const rateLimit = z.strictObject({
  /** Requests in each window. */
  points: count,
  durationMs: duration,
  /** Whose limit a request counts against. */
  by: z
    .union([z.literal('client-address'), z.strictObject({ header: token })])
    .default('client-address'),
});

const route = z.strictObject({
  /** `shop.example`, `*.shop.example`, or left out for any. */
  host: z.string().min(1).optional(),
  /** Every path that begins with it, by whole segments. */
  path: z.string().startsWith('/').default('/'),
  pool: z.string().min(1),
  rateLimit: rateLimit.optional(),
  requestHeaders: headerRules.prefault({}),
  responseHeaders: headerRules.prefault({}),
});

const limits = z.strictObject({
  /** Of all headers together, in bytes; more is answered with 431. */
  headerBytes: z.int().min(1_024).max(1_048_576).default(16_384),
  /** Of headers; more is answered with 431. */
  headers: z.int().min(1).max(10_000).default(256),
  /** Of the target; more is answered with 414. */
  urlBytes: z.int().min(64).max(1_048_576).default(8_192),
  /** Of a request's body, 0 for none; more is answered with 413. */
  bodyBytes: z.int().min(0).default(1_073_741_824),
  /** Of a request's body that is kept for a retry. */
  replayBytes: z.int().min(0).max(16_777_216).default(65_536),
  /** Open connections of clients. */
  connections: count.default(10_000),
  /** Streams at a time on one HTTP/2 connection. */
  streams: z.int().min(1).max(1_000).default(100),
});

const timeouts = z.strictObject({
  /** For the head of a request, and for a TLS handshake. */
  headersMs: duration.default(10_000),
  /** Between two pieces of a request's body. */
  bodyMs: duration.default(20_000),
  /** For a client that takes nothing of an answer. */
  writeMs: duration.default(60_000),
  /** How long an idle connection is kept. */
  idleMs: duration.default(75_000),
  /** For a tunnel in which nothing moves; 0 for ever. */
  tunnelMs: durationOrOff.default(3_600_000),
});

const admin = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port,
  /** Needed where others than this machine can reach it. */
  token: secret.optional(),
  dashboard: z.boolean().default(true),
});

const log = z.strictObject({
  level: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
  /** One line a request. */
  access: z.boolean().default(true),
  /** Left out: for people on a terminal, else JSON. */
  format: z.enum(['json', 'pretty']).optional(),
});

const shutdown = z.strictObject({
  /** From the failing of readiness to the end of accepting. */
  delayMs: durationOrOff.default(0),
  /** For requests and tunnels to end by themselves. */
  graceMs: durationOrOff.default(30_000),
});

/** A whole gateway. */
export const gatewaySchema = z.strictObject({
  listeners: z.array(listener).min(1),
  pools: z.record(z.string().min(1), pool),
  /** Left out: everything goes to the only pool. */
  routes: z.array(route).optional(),
  /** Whose word on where a request comes from is taken: addresses and networks (CIDR). */
  trustedProxies: z.array(z.string()).default([]),
  /** The name of this gateway in `Via`. */
  name: token.default('evenkeel'),
  limits: limits.prefault({}),
  timeouts: timeouts.prefault({}),
  admin: admin.optional(),
  log: log.prefault({}),
  shutdown: shutdown.prefault({}),
  /** Processes that serve; more than one share the listeners. */
  workers: count.max(64).default(1),
});

/** What a configuration may be written as. */
export type GatewayConfigInput = z.input<typeof gatewaySchema>;
/** A configuration with every default filled in, its secrets and PEM files not yet read. */
export type GatewayConfig = z.output<typeof gatewaySchema>;
export type ListenerConfig = GatewayConfig['listeners'][number];
export type RouteConfig = NonNullable<GatewayConfig['routes']>[number];
