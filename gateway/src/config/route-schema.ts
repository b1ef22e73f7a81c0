// The schema of routes.
import { z } from 'zod';
import { retries } from './resilience-schema.ts';
import {
  duration,
  durationOrOff,
  headerValue,
  hostPattern,
  listenerName,
  method,
  path,
  pathTemplate,
  port,
  redirectHost,
  text,
  token,
} from './values.ts';

const headerRules = z.strictObject({
  set: z.record(token, headerValue).default({}).describe('Headers by name; an existing one is replaced.'),
  remove: z.array(token).default([]).describe('Names of headers to remove.'),
});

const rateLimit = z.strictObject({
  points: z.int().min(1).max(1_000_000_000).describe('Requests in each window.'),
  durationMs: duration.describe('Milliseconds of a window.'),
  by: z
    .union([z.literal('client-address'), z.strictObject({ header: token.describe('Name of a header.') })])
    .default('client-address')
    .describe('Whose limit a request counts against: an IPv6 address counts by its /64.'),
});

const redirect = z.strictObject({
  scheme: z.enum(['http', 'https']).optional().describe('Left out: that of the request.'),
  host: redirectHost.optional().describe('Left out: that of the request.'),
  port: port
    .min(1)
    .optional()
    .describe('Left out: that of the request, or the usual one where scheme or host change.'),
  status: z
    .union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)])
    .default(308)
    .describe('301 and 308 may be remembered by clients; 307 and 308 keep the method.'),
});

const rewrite = z
  .union([
    path,
    z.strictObject({
      from: pathTemplate.describe('The path of the client; another path stays as it is.'),
      to: pathTemplate.describe('The path of the backend with the same variables; may have a query.'),
    }),
  ])
  .meta({
    rule: 'a path that begins with "/", percent-encoded, without query and fragment, or an object with from and to',
  });

const routeTimeouts = z.strictObject({
  headersMs: duration.optional().describe("Milliseconds for the head of one backend's answer."),
  bodyMs: duration
    .optional()
    .describe("Milliseconds between two pieces of an answer's body; event streams have `tunnelMs`."),
  totalMs: duration
    .optional()
    .describe(
      'Milliseconds for all attempts together. Left out: as in the pool, or `headersMs` where that is more.',
    ),
  tunnelMs: durationOrOff
    .optional()
    .describe('Milliseconds that a tunnel or an event stream may be silent; 0 for no limit.'),
});

const routeLimits = z.strictObject({
  bodyBytes: z.int().min(0).optional().describe("Bytes of a request's body; more is answered with 413."),
  replayBytes: z
    .int()
    .min(0)
    .max(16_777_216)
    .optional()
    .describe("Bytes of a request's body that are kept for a retry."),
});

/** Which requests go where. */
export const route = z.strictObject({
  host: hostPattern
    .optional()
    .describe('The host of the request; `*.` stands for every name below. Left out: any.'),
  path: path.default('/').describe('The path and every path below it, by whole segments.'),
  methods: z
    .array(method)
    .min(1)
    .optional()
    .describe('Methods of the request; GET covers HEAD. Left out: any.'),
  headers: z
    .record(token, headerValue)
    .optional()
    .describe('Headers that the request must have, by name; `*` stands for any characters. Left out: any.'),
  listeners: z
    .array(listenerName)
    .min(1)
    .optional()
    .describe('Names of the listeners that the request may come in at. Left out: all.'),
  pool: text
    .optional()
    .meta({ rule: 'the name of a pool' })
    .describe('The pool that gets the requests; required without `redirect`.'),
  redirect: redirect.optional().describe('Sends clients to another URL in the place of a pool.'),
  stripPrefix: z
    .boolean()
    .default(false)
    .describe("Whether the backend gets paths without the route's `path`."),
  rewrite: rewrite
    .optional()
    .describe(
      "What the backend gets in the place of the route's `path`, or a pattern with variables. Left out: nothing.",
    ),
  rateLimit: rateLimit.optional().describe('Refuses requests with 429 beyond a rate. Left out: no limit.'),
  timeouts: routeTimeouts.optional().describe("Time limits in the place of the pool's."),
  limits: routeLimits.optional().describe("Limits in the place of the gateway's."),
  retries: z
    .union([z.boolean(), retries])
    .optional()
    .describe("Retries in the place of the pool's, with a budget of their own; `true` for all defaults."),
  requestHeaders: headerRules.prefault({}).describe('Changes the headers that backends get.'),
  responseHeaders: headerRules.prefault({}).describe('Changes the headers that clients get.'),
});
