import { describe, expect, it } from 'vitest';
import { NoBackendError, OverloadedError, RateLimitedError, UpstreamError } from '../../src/errors.ts';
import { failureKind } from '../../src/http/failure-kind.ts';
import { FAILURE_STATUSES, isFailureStatus } from '../../src/http/failure-statuses.ts';
import { FAILURES, refusalJson, refusalOf, retryAfter } from '../../src/http/refusal.ts';

const coded = (code: string) => Object.assign(new Error('at 10.0.0.1'), { code });

describe('the kind of a failure', () => {
  it.each([
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['ETIMEDOUT', 'timeout'],
    ['EMFILE', 'exhausted'],
    ['EADDRNOTAVAIL', 'exhausted'],
    ['UND_ERR_INVALID_ARG', 'unsendable'],
    ['ECONNREFUSED', 'broken'],
    ['ECONNRESET', 'broken'],
  ])('of %s is %s, also as a cause', (code, kind) => {
    expect(failureKind(coded(code))).toBe(kind);
    expect(failureKind(new TypeError('fetch failed', { cause: coded(code) }))).toBe(kind);
  });

  it.each([undefined, null, 'text', new Error('no code'), { code: 5 }])('of %s is broken', (error) => {
    expect(failureKind(error)).toBe('broken');
  });
});

describe('a refusal', () => {
  it('has the status and code of the error of the load balancer', () => {
    expect(refusalOf(new UpstreamError('it broke'))).toEqual({
      status: 502,
      code: 'ERR_LB_UPSTREAM',
      message: 'it broke',
      retryAfterMs: undefined,
    });
  });

  it('asks to come back where that can help', () => {
    expect(refusalOf(new NoBackendError()).retryAfterMs).toBe(1_000);
    expect(refusalOf(new OverloadedError(7_000)).retryAfterMs).toBe(7_000);
    expect(refusalOf(new RateLimitedError(5_000)).retryAfterMs).toBe(5_000);
    expect(FAILURES.exhausted.retryAfterMs).toBe(1_000);
    expect(FAILURES.broken.retryAfterMs).toBeUndefined();
  });

  it.each([
    [0, '1'],
    [1, '1'],
    [1_001, '2'],
    [60_000, '60'],
  ])('says %i ms as %s s', (ms, seconds) => {
    expect(retryAfter(ms)).toBe(seconds);
  });

  it('is JSON without the place of backends', () => {
    expect(JSON.parse(refusalJson(FAILURES[failureKind(coded('ECONNREFUSED'))], 'id'))).toEqual({
      code: 'ERR_LB_UPSTREAM',
      message: 'the backend failed',
      requestId: 'id',
    });
  });
});

describe('a status that is a failure', () => {
  it('is 502, 503 or 504', () => {
    const failures = Array.from({ length: 700 }, (_, status) => status).filter(isFailureStatus);
    expect(failures).toEqual(FAILURE_STATUSES);
    expect(isFailureStatus('503' as unknown as number)).toBe(false);
  });
});
