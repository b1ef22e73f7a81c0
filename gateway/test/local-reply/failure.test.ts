import { describe, expect, it } from 'vitest';
import { NoBackendError, OverloadedError, RateLimitedError } from '../../../src/index.ts';
import { rateRefusal, refusalFor } from '../../src/local-reply/failure.ts';
import { BackendFailure } from '../../src/upstream/backend-failure.ts';

const withCode = (code: string, cause?: unknown) =>
  Object.assign(new Error('at 10.0.0.1', { cause }), { code });
const codeFor = (error: unknown) => {
  const { status, code } = refusalFor(error);
  return `${status} ${code}`;
};

describe('what a client is told of an error', () => {
  it.each([
    ['UND_ERR_HEADERS_TIMEOUT', '504 ERR_LB_TIMEOUT'],
    ['UND_ERR_BODY_TIMEOUT', '504 ERR_LB_TIMEOUT'],
    ['UND_ERR_CONNECT_TIMEOUT', '504 ERR_LB_TIMEOUT'],
    ['ETIMEDOUT', '504 ERR_LB_TIMEOUT'],
    ['ECONNREFUSED', '502 ERR_LB_UPSTREAM'],
    ['UND_ERR_SOCKET', '502 ERR_LB_UPSTREAM'],
    ['EMFILE', '503 ERR_GW_EXHAUSTED'],
    ['EADDRNOTAVAIL', '503 ERR_GW_EXHAUSTED'],
    ['UND_ERR_INVALID_ARG', '400 ERR_LB_BAD_REQUEST'],
    ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', '400 ERR_LB_BAD_REQUEST'],
  ])('of %s is %s', (code, told) => {
    expect(codeFor(new BackendFailure(withCode(code), true))).toBe(told);
    expect(codeFor(new BackendFailure(new Error('outer', { cause: withCode(code) }), true))).toBe(told);
  });

  it('is never where backends are', () => {
    expect(refusalFor(new BackendFailure(withCode('ECONNREFUSED'), false)).message).not.toContain('10.0.0.1');
    expect(refusalFor(new Error('at 10.0.0.1'))).toMatchObject({
      status: 500,
      message: 'internal error of the gateway',
    });
    expect(codeFor(undefined)).toBe('500 ERR_GW_INTERNAL');
    expect(codeFor(new BackendFailure('no error at all', true))).toBe('502 ERR_LB_UPSTREAM');
  });

  it('says when to come back', () => {
    expect(refusalFor(new NoBackendError())).toMatchObject({ status: 503, retryAfterMs: 1_000 });
    expect(refusalFor(new OverloadedError(7_000))).toMatchObject({ status: 503, retryAfterMs: 7_000 });
  });

  it('leaves that to the headers of its admission where it came too often', () => {
    expect(rateRefusal(new RateLimitedError(5_000))).toEqual({
      status: 429,
      code: 'ERR_LB_RATE_LIMITED',
      message: expect.any(String),
    });
  });
});

describe('an attempt that failed', () => {
  it('knows whether anything was sent, and whose fault it was', () => {
    const of = (code: string, requestSent: boolean) => {
      const { failure, outcome } = new BackendFailure(withCode(code), requestSent);
      return [failure, outcome];
    };
    expect(of('ECONNREFUSED', false)).toEqual(['unsent', 'failure']);
    expect(of('ECONNRESET', true)).toEqual(['sent', 'failure']);
    expect(of('EMFILE', false)).toEqual(['cancelled', 'cancelled']);
    expect(of('UND_ERR_INVALID_ARG', true)).toEqual(['rejected', 'rejected']);
  });
});
