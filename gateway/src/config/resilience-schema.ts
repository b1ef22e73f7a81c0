import {
  BREAKER_DEFAULTS,
  EJECTION_DEFAULTS,
  FAILOVER_DEFAULTS,
  FAILURE_STATUSES,
  HEALTH_DEFAULTS,
  HEALTH_MOVED,
  QUEUE_DEFAULTS,
  SLOW_START_DEFAULTS,
} from 'evenkeel/internal';
import { z } from 'zod';
import { count, duration, headerValue, ratio, token } from './values.ts';

const status = z.int().min(100).max(599);
const use = (of: string) => ratio.exactOptional().describe(`Of ${of}.`);

const healthRequest = z.strictObject({
  path: z
    .string()
    .regex(/^\/[^\s#]*$/)
    .default(HEALTH_DEFAULTS.request.path)
    .meta({ rule: 'a path that begins with "/" and has no space and no "#"' })
    .describe('What is asked, added to the URL of the backend.'),
  method: token.default(HEALTH_DEFAULTS.request.method).describe('How it is asked.'),
  headers: z.record(token, headerValue).default({}).describe('What is sent along, by name.'),
  timeoutMs: duration
    .default(HEALTH_DEFAULTS.request.timeoutMs)
    .describe('Milliseconds without a response after which a check fails.'),
});

const healthExpectation = z.strictObject({
  statuses: z
    .array(
      z
        .union([status, z.tuple([status, status])])
        .meta({ rule: 'a status from 100 to 599 or a range of them such as [200, 299]' }),
    )
    .min(1)
    .default(HEALTH_DEFAULTS.expect.statuses.map(([from, to]) => [from, to]))
    .describe('Statuses, and ranges of them with both ends, that are well.'),
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

/** Active checks. */
export const health = z
  .strictObject({
    intervalMs: duration
      .default(HEALTH_DEFAULTS.intervalMs)
      .describe('Milliseconds from one check to the next, 10 % more or less.'),
    fastIntervalMs: duration
      .optional()
      .describe(
        'The same while a backend is about to go down or come up. Left out: 1000, or `intervalMs` where that is less.',
      ),
    request: healthRequest.prefault({}).describe('What is asked.'),
    expect: healthExpectation.prefault({}).describe('Which responses are well.'),
    thresholds: z
      .strictObject({
        fall: count
          .default(HEALTH_DEFAULTS.thresholds.fall)
          .describe('Failures in a row that take a backend out.'),
        rise: count
          .default(HEALTH_DEFAULTS.thresholds.rise)
          .describe('Successes in a row that bring it back.'),
      })
      .prefault({})
      .describe('How many checks in a row change the state of a backend.'),
  })
  .meta({ moved: HEALTH_MOVED });

/** Taking out backends by how real requests end. */
export const ejection = z.strictObject({
  consecutiveFailures: count
    .default(EJECTION_DEFAULTS.consecutiveFailures)
    .describe('Failures in a row for which a backend is ejected.'),
  successRate: z
    .strictObject({
      stdevFactor: z
        .number()
        .min(0)
        .default(EJECTION_DEFAULTS.successRate.stdevFactor)
        .describe('Standard deviations below the mean that are too many.'),
      minBackends: count
        .default(EJECTION_DEFAULTS.successRate.minBackends)
        .describe('Backends that must have enough requests to be compared.'),
      minRequests: count
        .default(EJECTION_DEFAULTS.successRate.minRequests)
        .describe('Requests in an interval that are enough.'),
      minRatio: ratio
        .default(EJECTION_DEFAULTS.successRate.minRatio)
        .describe(
          'A success rate below this ejects, whatever others have; statuses 400 to 499 do not count.',
        ),
    })
    .prefault({})
    .describe('Ejects backends that fail more often than the others.'),
  intervalMs: duration
    .default(EJECTION_DEFAULTS.intervalMs)
    .describe('Milliseconds over which success rates are compared.'),
  baseMs: duration
    .default(EJECTION_DEFAULTS.baseMs)
    .describe('Milliseconds of a first ejection; each further one in a row is longer by as much.'),
  maxMs: duration
    .default(EJECTION_DEFAULTS.maxMs)
    .describe('Milliseconds of the longest ejection, at least `baseMs`.'),
  jitter: ratio
    .default(EJECTION_DEFAULTS.jitter)
    .describe('Share by which an ejection may be shorter or longer.'),
  maxEjectedRatio: ratio
    .default(EJECTION_DEFAULTS.maxEjectedRatio)
    .describe('Share of the pool that may be ejected; never the last backend.'),
});

/** A breaker for each backend. */
export const circuitBreaker = z.strictObject({
  windowMs: duration
    .default(BREAKER_DEFAULTS.windowMs)
    .describe('Milliseconds over which requests are counted.'),
  minRequests: count
    .default(BREAKER_DEFAULTS.minRequests)
    .describe('Requests in the window from which on it may open.'),
  failureRatio: z
    .number()
    .positive()
    .max(1)
    .default(BREAKER_DEFAULTS.failureRatio)
    .describe('Share of failures at which it opens.'),
  openMs: duration
    .default(BREAKER_DEFAULTS.openMs)
    .describe('Milliseconds that it stays open at first; doubled while its probe fails.'),
  maxOpenMs: duration
    .default(BREAKER_DEFAULTS.maxOpenMs)
    .describe('Milliseconds that it stays open at the most, at least `openMs`.'),
  probes: count
    .default(BREAKER_DEFAULTS.probes)
    .describe('Probes in a row that must succeed for it to close.'),
});

/** How the weight of a backend that is new, or back, rises. */
export const slowStart = z.strictObject({
  windowMs: duration
    .default(SLOW_START_DEFAULTS.windowMs)
    .describe('Milliseconds until a backend has its whole weight.'),
  aggression: z
    .number()
    .positive()
    .default(SLOW_START_DEFAULTS.aggression)
    .describe('Above 1 the weight rises faster at first, below 1 slower.'),
  floor: z
    .number()
    .positive()
    .max(1)
    .default(SLOW_START_DEFAULTS.floor)
    .describe('Share of its weight with which a backend begins.'),
  steps: count.default(SLOW_START_DEFAULTS.steps).describe('Steps in which the weight rises.'),
});

/** Sending a request to another backend. */
export const retries = z.strictObject({
  retries: z
    .int()
    .min(0)
    .max(10)
    .default(FAILOVER_DEFAULTS.retries)
    .describe('Backends to try after the first.'),
  retryOn: z
    .array(z.int().min(400).max(599))
    .default([...FAILURE_STATUSES])
    .describe('Statuses for which a request that may be repeated goes to another backend.'),
  minDelayMs: z
    .number()
    .min(0)
    .max(60_000)
    .default(FAILOVER_DEFAULTS.minDelayMs)
    .describe(
      'Milliseconds up to which the wait before the first retry is random; doubled for each further one.',
    ),
  maxDelayMs: z
    .number()
    .min(0)
    .max(60_000)
    .default(FAILOVER_DEFAULTS.maxDelayMs)
    .describe('Milliseconds of the longest wait, at least `minDelayMs`.'),
  budget: z
    .strictObject({
      ratio: ratio
        .default(FAILOVER_DEFAULTS.budget.ratio)
        .describe('Retries in flight for each request in flight.'),
      floor: z
        .int()
        .min(0)
        .default(FAILOVER_DEFAULTS.budget.floor)
        .describe('Retries that may be in flight however few requests are.'),
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
    .default(QUEUE_DEFAULTS.limit)
    .describe('Requests for each backend that may wait; beyond, 503.'),
  timeoutMs: duration
    .default(QUEUE_DEFAULTS.timeoutMs)
    .describe('Milliseconds that a request waits; then 503.'),
});
