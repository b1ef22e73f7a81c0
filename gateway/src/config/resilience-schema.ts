import { FAILURE_STATUSES } from 'evenkeel/internal';
import { z } from 'zod';
import { count, duration, headerValue, ratio, token } from './values.ts';

const status = z.int().min(100).max(599);
const use = (of: string) => ratio.exactOptional().describe(`Of ${of}.`);

/** Active checks. */
export const health = z.strictObject({
  path: z
    .string()
    .regex(/^\/[^\s#]*$/)
    .default('/health')
    .meta({ rule: 'a path that begins with "/" and has no space and no "#"' })
    .describe('What is asked, added to the URL of the backend.'),
  method: token.default('GET').describe('How it is asked.'),
  headers: z.record(token, headerValue).default({}).describe('What is sent along, by name.'),
  statuses: z
    .array(
      z
        .union([status, z.tuple([status, status])])
        .meta({ rule: 'a status from 100 to 599 or a range of them such as [200, 299]' }),
    )
    .min(1)
    .default([[200, 399]])
    .describe('Statuses, and ranges of them with both ends, that are well.'),
  intervalMs: duration
    .default(10_000)
    .describe('Milliseconds from one check to the next, 10 % more or less.'),
  fastIntervalMs: duration
    .optional()
    .describe(
      'The same while a backend is about to go down or come up. Left out: 1000, or `intervalMs` where that is less.',
    ),
  timeoutMs: duration.default(2_000).describe('Milliseconds for an answer.'),
  fall: count.default(3).describe('Failures in a row that take a backend out.'),
  rise: count.default(2).describe('Successes in a row that bring it back.'),
  workload: z
    .strictObject({
      cpu: use('its processors'),
      memory: use('its memory'),
      network: use('its network'),
      eventLoop: use('its event loop'),
      application: use('what the application counts'),
    })
    .default({})
    .describe('Above which use, 0 to 1, of what it reports a backend counts as failed. Left out: none.'),
});

/** Taking out backends by how real requests end. */
export const ejection = z.strictObject({
  consecutiveFailures: count.default(5).describe('Failures in a row for which a backend is ejected.'),
  successRate: z
    .strictObject({
      stdevFactor: z
        .number()
        .min(0)
        .default(1.9)
        .describe('Standard deviations below the mean that are too many.'),
      minBackends: count.default(5).describe('Backends that must have enough requests to be compared.'),
      minRequests: count.default(100).describe('Requests in an interval that are enough.'),
    })
    .prefault({})
    .describe('Ejects backends that fail more often than the others.'),
  intervalMs: duration.default(10_000).describe('Milliseconds over which success rates are compared.'),
  baseMs: duration
    .default(30_000)
    .describe('Milliseconds of a first ejection; each further one in a row is longer by as much.'),
  maxMs: duration.default(300_000).describe('Milliseconds of the longest ejection, at least `baseMs`.'),
  jitter: ratio.default(0.1).describe('Share by which an ejection may be shorter or longer.'),
  maxEjectedRatio: ratio
    .default(0.5)
    .describe('Share of the pool that may be ejected; never the last backend.'),
});

/** A breaker for each backend. */
export const circuitBreaker = z.strictObject({
  windowMs: duration.default(10_000).describe('Milliseconds over which requests are counted.'),
  minRequests: count.default(20).describe('Requests in the window from which on it may open.'),
  failureRatio: z.number().positive().max(1).default(0.5).describe('Share of failures at which it opens.'),
  openMs: duration
    .default(5_000)
    .describe('Milliseconds that it stays open at first; doubled while its probe fails.'),
  maxOpenMs: duration
    .default(60_000)
    .describe('Milliseconds that it stays open at the most, at least `openMs`.'),
  probes: count.default(1).describe('Probes in a row that must succeed for it to close.'),
});

/** How the weight of a backend that is new, or back, rises. */
export const slowStart = z.strictObject({
  windowMs: duration.default(30_000).describe('Milliseconds until a backend has its whole weight.'),
  aggression: z
    .number()
    .positive()
    .default(1)
    .describe('Above 1 the weight rises faster at first, below 1 slower.'),
  floor: z
    .number()
    .positive()
    .max(1)
    .default(0.1)
    .describe('Share of its weight with which a backend begins.'),
  steps: count.default(10).describe('Steps in which the weight rises.'),
});

/** Sending a request to another backend. */
export const retries = z.strictObject({
  retries: z.int().min(0).max(10).default(1).describe('Backends to try after the first.'),
  retryOn: z
    .array(z.int().min(400).max(599))
    .default([...FAILURE_STATUSES])
    .describe('Statuses for which a request that may be repeated goes to another backend.'),
  minDelayMs: z
    .number()
    .min(0)
    .max(60_000)
    .default(25)
    .describe(
      'Milliseconds up to which the wait before the first retry is random; doubled for each further one.',
    ),
  maxDelayMs: z
    .number()
    .min(0)
    .max(60_000)
    .default(250)
    .describe('Milliseconds of the longest wait, at least `minDelayMs`.'),
  budget: z
    .strictObject({
      ratio: ratio.default(0.2).describe('Retries in flight for each request in flight.'),
      floor: z.int().min(0).default(3).describe('Retries that may be in flight however few requests are.'),
    })
    .prefault({})
    .describe('Keeps retries from becoming a storm.'),
});

/** Waiting for a place. */
export const queue = z.strictObject({
  limit: z
    .int()
    .min(0)
    .max(100_000)
    .default(100)
    .describe('Requests for each backend that may wait; beyond, 503.'),
  timeoutMs: duration.default(3_000).describe('Milliseconds that a request waits; then 503.'),
});
