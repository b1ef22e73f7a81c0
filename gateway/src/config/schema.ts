// The schema of a whole configuration.
import { z } from 'zod';
import { admin, listener } from './listener-schema.ts';
import { pool, storeUrl } from './pool-schema.ts';
import { route } from './route-schema.ts';
import { count, duration, durationOrOff, network, poolName, text, token } from './values.ts';

const limits = z.strictObject({
  headerBytes: z
    .int()
    .min(1_024)
    .max(1_048_576)
    .default(16_384)
    .describe('Bytes of all headers together; more is answered with 431.'),
  headers: z.int().min(1).max(10_000).default(256).describe('Number of headers; more is answered with 431.'),
  urlBytes: z
    .int()
    .min(64)
    .max(1_048_576)
    .default(8_192)
    .describe('Bytes of path and query; more is answered with 414.'),
  bodyBytes: z
    .int()
    .min(0)
    .default(1_073_741_824)
    .describe("Bytes of a request's body, 0 to allow none; more is answered with 413."),
  replayBytes: z
    .int()
    .min(0)
    .max(16_777_216)
    .default(65_536)
    .describe(
      "Bytes of a request's body that are kept for a retry; a longer one is not retried once it was begun.",
    ),
  connections: count
    .default(10_000)
    .describe('Open connections of clients at each listener; at most half of the open files are theirs.'),
  connectionsPerClient: count
    .optional()
    .describe(
      'Open connections of one client at each listener; more are closed at once. Left out: no limit of its own.',
    ),
  requestsPerClient: count
    .optional()
    .describe(
      'Requests of one client at a time; more are answered with 429. Left out: no limit. Trusted proxies have neither limit.',
    ),
  requestsPerConnection: count
    .optional()
    .describe('Requests of a client on one connection, which then ends. Left out: no limit.'),
  streams: z.int().min(1).max(1_000).default(100).describe('Requests at a time on one HTTP/2 connection.'),
});

const timeouts = z.strictObject({
  headersMs: duration
    .default(10_000)
    .describe('Milliseconds for the head of a request, and for a TLS handshake.'),
  bodyMs: duration.default(20_000).describe("Milliseconds between two pieces of a request's body."),
  writeMs: duration.default(60_000).describe('Milliseconds that a client may read nothing of a response.'),
  idleMs: duration.default(75_000).describe('Milliseconds that an idle connection of a client is kept.'),
  ageMs: duration
    .default(3_600_000)
    .describe(
      'Milliseconds after which a connection of a client ends with its next response; up to a tenth less, by chance.',
    ),
  tunnelMs: durationOrOff
    .default(3_600_000)
    .describe('Milliseconds that a tunnel (WebSocket) or an event stream may be silent; 0 for no limit.'),
});

/** How paths are read. */
export const paths = z.strictObject({
  forward: z
    .enum(['raw', 'normalised'])
    .default('raw')
    .describe(
      'How backends get paths: as they came, unless a backend could then get past a route; or always normalised.',
    ),
  encodedSlash: z
    .enum(['keep', 'refuse', 'decode'])
    .default('keep')
    .describe('`%2F` in a path: a part of its segment, answered with 400, or the same as a slash.'),
  caseSensitive: z
    .boolean()
    .default(true)
    .describe('Whether `/API` is another path than `/api` where routes are found.'),
});

const log = z.strictObject({
  level: z
    .enum(['silent', 'error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('The least severe level that is logged.'),
  access: z.boolean().default(true).describe('Whether each request has a line.'),
  format: z.enum(['json', 'pretty']).optional().describe('Left out: `pretty` on a terminal, else `json`.'),
});

const shutdown = z.strictObject({
  delayMs: durationOrOff
    .default(0)
    .describe('Milliseconds between the failure of `/readyz` and the closing of the listeners.'),
  graceMs: durationOrOff
    .default(30_000)
    .describe('Milliseconds that requests and tunnels in flight have to end.'),
});

const fleet = z.strictObject({
  redis: z
    .strictObject({
      url: storeUrl
        .meta({ rule: 'a URL', secret: true })
        .describe('Where Redis is; needs the package ioredis.'),
      prefix: text
        .optional()
        .describe('Prefix of all keys: gateways with the same one agree. Left out: `evenkeel`.'),
    })
    .describe('A fleet in Redis.'),
  checks: z
    .enum(['shared', 'own'])
    .default('shared')
    .describe(
      'Health checks: `shared`: two gateways check each backend, and tell the others; `own`: each gateway checks all.',
    ),
});

const rateLimits = z.strictObject({
  redis: z
    .strictObject({
      url: storeUrl
        .meta({ rule: 'a URL', secret: true })
        .describe('Where Redis is; needs the packages ioredis and rate-limiter-flexible.'),
      prefix: text
        .optional()
        .describe('Prefix of all keys: gateways with the same one count together. Left out: `evenkeel`.'),
    })
    .describe('Counts in Redis. While it is away, each gateway counts by itself.'),
});

/** A gateway. */
export const gatewaySchema = z.strictObject({
  $schema: z.string().optional().describe('The JSON Schema, for editors; the gateway ignores it.'),
  listeners: z.array(listener).min(1).describe('Listeners for clients.'),
  pools: z.record(poolName, pool).describe('Groups of equal backends, by name.'),
  routes: z
    .array(route)
    .min(1)
    .optional()
    .describe('The pool of each host and path. Left out: every request goes to the only pool.'),
  paths: paths.prefault({}).describe('How the paths of requests are read.'),
  trustedProxies: z
    .array(network)
    .default([])
    .describe(
      'Proxies whose `X-Forwarded-*` and `Forwarded` are trusted; `unix` is every peer of a unix socket.',
    ),
  name: token.default('evenkeel').describe('The name of this gateway in `Via`.'),
  limits: limits.prefault({}).describe('Limits on clients.'),
  timeouts: timeouts.prefault({}).describe('Time limits of clients.'),
  admin: admin.optional().describe('The admin listener. Left out: none.'),
  log: log.prefault({}).describe('The log on standard output.'),
  shutdown: shutdown.prefault({}).describe('How the gateway stops.'),
  fleet: fleet
    .optional()
    .describe(
      'Where gateways agree on which backend each key is. Left out: the workers of one gateway agree, others do not.',
    ),
  rateLimits: rateLimits
    .optional()
    .describe(
      'Where gateways count for the rate limits of routes together, in whole seconds. Left out: each gateway counts by itself, its workers together.',
    ),
  workers: count
    .max(64)
    .default(1)
    .describe(
      'Processes that serve; several share the listeners. Rate limits hold for all together; limits of connections and of requests in flight, and remembered keys, for each.',
    ),
});

export type { GatewayConfigInput } from './gateway-config-input.ts';
/** A configuration with every default, before secrets and PEM files are read. */
export type GatewayConfig = z.output<typeof gatewaySchema>;
export type ListenerConfig = GatewayConfig['listeners'][number];
export type RouteConfig = NonNullable<GatewayConfig['routes']>[number];
