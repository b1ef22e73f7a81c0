import { describe, expect, it } from 'vitest';
import {
  CancelledError,
  LoadbalancerError,
  NoBackendError,
  UpstreamError,
  UpstreamTimeoutError,
} from '../src/index.ts';

describe.each([
  { name: 'NoBackendError', code: 'ERR_LB_NO_BACKEND', status: 503, make: NoBackendError },
  { name: 'UpstreamError', code: 'ERR_LB_UPSTREAM', status: 502, make: UpstreamError },
  { name: 'UpstreamTimeoutError', code: 'ERR_LB_TIMEOUT', status: 504, make: UpstreamTimeoutError },
  { name: 'CancelledError', code: 'ERR_LB_CANCELLED', status: 499, make: CancelledError },
])('$name', ({ name, code, status, make: Kind }) => {
  it(`has the code ${code} and the status ${status}`, () => {
    expect(new Kind('why')).toMatchObject({ name, code, status, message: 'why' });
  });

  it('is a LoadbalancerError and an Error', () => {
    expect(new Kind('why')).toBeInstanceOf(LoadbalancerError);
    expect(new Kind('why')).toBeInstanceOf(Error);
  });

  it('shows its name, and where it was made', () => {
    const error = new Kind('why');
    expect(String(error)).toBe(`${name}: why`);
    expect(error.stack).toContain('errors.test.ts');
  });

  it('carries the very cause, but no property for none', () => {
    const cause = { reason: 'socket hang up' };
    expect(new Kind('why', { cause }).cause).toBe(cause);
    expect(new Kind('why', { cause: null }).cause).toBeNull();
    expect(new Kind('why')).not.toHaveProperty('cause');
    expect(new Kind('why', { cause: undefined })).not.toHaveProperty('cause');
  });

  it('carries what was tried; nothing unless told', () => {
    const attempts = [{ backend: 'http://a', reason: 'ECONNREFUSED' }];
    expect(new Kind('why', { attempts }).attempts).toBe(attempts);
    expect(new Kind('why').attempts).toEqual([]);
  });

  it('shares no list of attempts with others', () => {
    expect(new Kind('why').attempts).not.toBe(new Kind('why').attempts);
  });
});

describe('the messages by default', () => {
  it('say what is the matter', () => {
    expect(new NoBackendError().message).toBe('no backend is available');
    expect(new CancelledError().message).toBe('the client cancelled the request');
  });
});

describe('LoadbalancerError', () => {
  it('can be used as it is, for the codes that have no class of their own', () => {
    const error = new LoadbalancerError('ERR_LB_OVERLOADED', 503, 'the queue is full');
    expect(error).toMatchObject({ name: 'LoadbalancerError', code: 'ERR_LB_OVERLOADED', status: 503 });
  });

  it('gives a subclass of the host its name', () => {
    class QuotaError extends LoadbalancerError {}
    expect(new QuotaError('ERR_LB_RATE_LIMITED', 429, 'too many').name).toBe('QuotaError');
  });
});

describe('errors of another copy of evenkeel', () => {
  /** Vite makes a module of its own of each query. */
  const load = (): Promise<typeof import('../src/errors.ts')> => {
    const copy = '../src/errors.ts?copy';
    return import(/* @vite-ignore */ copy);
  };

  it('are recognised as what they are', async () => {
    const other = await load();
    expect(other.NoBackendError).not.toBe(NoBackendError);
    const error = new other.NoBackendError('why');
    expect(error).toBeInstanceOf(NoBackendError);
    expect(error).toBeInstanceOf(LoadbalancerError);
    expect(error).not.toBeInstanceOf(UpstreamError);
    expect(new LoadbalancerError('ERR_LB_NO_BACKEND', 503, 'why')).not.toBeInstanceOf(other.NoBackendError);
  });

  it('are recognised where a host has a class of its own', async () => {
    const other = await load();
    class OwnError extends NoBackendError {}
    expect(new OwnError()).toBeInstanceOf(OwnError);
    expect(new OwnError()).toBeInstanceOf(other.NoBackendError);
    expect(new NoBackendError()).not.toBeInstanceOf(OwnError);
    expect(new other.NoBackendError()).not.toBeInstanceOf(OwnError);
  });

  it('are not mistaken for what is none', () => {
    const hostile = {
      get constructor() {
        throw new Error('read');
      },
    };
    for (const value of [
      undefined,
      null,
      0,
      'x',
      {},
      Object.create(null),
      hostile,
      new Error('x'),
      LoadbalancerError,
    ])
      expect(value instanceof LoadbalancerError).toBe(false);
  });
});
