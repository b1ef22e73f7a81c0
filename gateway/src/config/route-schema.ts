import { z } from 'zod';
import { duration, headerValue, hostPattern, path, text, token } from './values.ts';

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

/** Which requests go where. */
export const route = z.strictObject({
  host: hostPattern
    .optional()
    .describe('The host of the request; `*.` stands for every name below. Left out: any.'),
  path: path.default('/').describe('The path and every path below it, by whole segments.'),
  pool: text.meta({ rule: 'the name of a pool' }).describe('The pool that gets the requests.'),
  rateLimit: rateLimit.optional().describe('Refuses requests with 429 beyond a rate. Left out: no limit.'),
  requestHeaders: headerRules.prefault({}).describe('Changes the headers that backends get.'),
  responseHeaders: headerRules.prefault({}).describe('Changes the headers that clients get.'),
});
