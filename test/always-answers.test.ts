// `onRequest` always answers, exactly once, whatever the host passes in; invalid options are a TypeError at
// once.
import { describe, expect, it } from 'vitest';
import { Loadbalancer, type LoadbalancerOptions, type Request } from '../src/index.ts';
import { aRequest, nativePool, RecordingService, RecordingWriter, TestEnv } from './support.ts';

const forever = () => new Promise<never>(() => {});
const thrown = new Error('thrown');
const refuse = (): never => {
  throw thrown;
};

function setUp(options: LoadbalancerOptions = {}, answer?: () => unknown, logger: object = { log() {} }) {
  const env = new TestEnv();
  const service = new RecordingService(answer);
  const loadbalancer = new Loadbalancer(service, nativePool(3), logger as never, { env, ...options });
  const writer = new RecordingWriter();
  const left = () => [loadbalancer.balancer.stats().inFlight, env.pendingTimers];
  return { env, service, loadbalancer, writer, left };
}

const answers = ({ responses, errors }: RecordingWriter) => responses.length + errors.length;

/** Lets promises settle, and time pass, until a request is over. */
async function over(pending: Promise<void>, env: TestEnv): Promise<void> {
  let isOver = false;
  void pending.finally(() => (isOver = true)).catch(() => {});
  for (let i = 0; i < 100 && !isOver; i++) {
    for (let j = 0; j < 20; j++) await Promise.resolve();
    env.advance(1_000);
  }
  await pending;
}

describe('options of a request', () => {
  it.each([
    ['null', null],
    ['a number', 5],
    ['a signal that is none', { signal: 'yes' }],
    ['a controller', { signal: new AbortController() }],
    ['a misspelt signal', { singal: undefined }],
  ])('that are %s are a TypeError at once: nothing is sent or written', async (_, options) => {
    const { loadbalancer, service, writer } = setUp();
    await expect(loadbalancer.onRequest(aRequest(), writer, options as never)).rejects.toBeInstanceOf(
      TypeError,
    );
    expect([service.calls.length, answers(writer)]).toEqual([0, 0]);
  });
});

describe('a request is answered exactly once', () => {
  const getter = (name: keyof Request, value: () => unknown = refuse) =>
    Object.defineProperty(aRequest(), name, { get: value, enumerable: true });
  const text = () => {
    throw 'text';
  };

  it.each<[string, unknown, LoadbalancerOptions?]>([
    ['that is undefined', undefined],
    ['that is null', null],
    ['that is a text', '/path'],
    ['whose path is a number', { ...aRequest(), path: 5 }],
    ['whose path is a symbol', { ...aRequest(), path: Symbol('x') }],
    [
      'whose path is an object that throws as text',
      { ...aRequest(), path: { toString: refuse, toJSON: refuse } },
    ],
    ['of an older contract, with url', { id: '1', method: 'GET', url: '/a', payload: '' }],
    ['whose path throws', getter('path')],
    ['whose path throws a text', getter('path', text)],
    ['whose method throws', getter('method'), { failover: true }],
    ['whose headers throw', getter('headers'), { key: ({ headers }) => String(headers) }],
    ['whose address throws', getter('clientAddress'), { strategy: 'ip-hash' }],
    ['whose properties all throw', new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse })],
    ['whose key throws', aRequest(), { key: refuse }],
    ['whose key throws a text', aRequest(), { key: text }],
    ['whose key is a promise', aRequest(), { key: forever as never }],
    ['whose key is a promise that is rejected', aRequest(), { key: (() => Promise.reject(thrown)) as never }],
    ['whose failure cannot be told', aRequest(), { isFailure: refuse }],
    [
      'whose limiter throws',
      aRequest(),
      { clients: { rateLimit: { limiter: { take: refuse }, key: () => 'k' } } },
    ],
    [
      'whose limiter hangs',
      aRequest(),
      { clients: { rateLimit: { limiter: { take: forever }, key: () => 'k' } } },
    ],
    [
      'whose limiter says nothing',
      aRequest(),
      { clients: { rateLimit: { limiter: { take: (() => {}) as never }, key: () => 'k' } } },
    ],
    ['whose session policy hangs', aRequest(), { clients: { sessions: { read: forever } } }],
    ['whose session policy throws', aRequest(), { clients: { sessions: { read: refuse } } }],
  ])('%s', async (_, request, options) => {
    const { env, loadbalancer, writer, left } = setUp(options);
    await over(loadbalancer.onRequest(request as Request, writer), env);
    expect(answers(writer)).toBe(1);
    expect(writer.errors.every((error) => error instanceof Error)).toBe(true);
    expect(left()).toEqual([0, 0]);
  });

  it.each<[string, object]>([
    ['throws', { log: refuse }],
    ['rejects', { log: () => Promise.reject(thrown) }],
    ['hangs', { log: forever }],
    [
      'throws when asked whether it wants more',
      {
        log() {},
        get debugEnabled() {
          return refuse();
        },
      },
    ],
  ])('where the logger %s', async (_, logger) => {
    for (const answer of [() => ({ status: 200, data: '' }), refuse]) {
      const { env, loadbalancer, writer, left } = setUp({ failover: true }, answer, logger);
      await over(loadbalancer.onRequest(aRequest(), writer), env);
      expect([answers(writer), ...left()]).toEqual([1, 0, 0]);
    }
  });

  /** As hosts write them by hand. */
  const thenable = (then: (...settle: ((value: unknown) => void)[]) => void) =>
    Object.defineProperty({}, 'then', { value: then });
  const twice = (...settle: ((value: unknown) => void)[]) => {
    settle[0]?.({ status: 200, data: '' });
    settle[1]?.(thrown);
  };

  it.each<[string, () => unknown]>([
    ['throws', refuse],
    [
      'throws nothing',
      () => {
        throw undefined;
      },
    ],
    [
      'rejects with an error whose properties throw',
      () => Promise.reject(new Proxy(new Error('x'), { get: refuse })),
    ],
    ['resolves with nothing', () => undefined],
    [
      'resolves with a response whose status throws',
      () => ({
        get status() {
          return refuse();
        },
      }),
    ],
    ['is a thenable that throws', () => thenable(refuse)],
    ['is a thenable that settles twice', () => thenable(twice)],
    ['hangs', forever],
  ])('where the HTTP service %s', async (_, answer) => {
    for (const failover of [false, true]) {
      const { env, loadbalancer, writer, left } = setUp(
        { failover, timeoutMs: 100, totalTimeoutMs: 500 },
        answer,
      );
      await over(loadbalancer.onRequest(aRequest(), writer), env);
      expect([answers(writer), ...left()]).toEqual([1, 0, 0]);
    }
  });

  it.each([
    ['writeResponse', { status: 200, data: '' }],
    ['writeError', undefined],
  ])('and a rejected promise of %s rejects that of the request', async (method, response) => {
    const { env, loadbalancer, left } = setUp({}, () => response);
    const writer = new RecordingWriter();
    const failing = Object.assign(writer, { [method]: () => Promise.reject(thrown) });
    await expect(over(loadbalancer.onRequest(aRequest(), failing), env)).rejects.toBe(thrown);
    expect([answers(writer), ...left()]).toEqual([0, 0, 0]);
  });
});

describe('whose fault it is', () => {
  it('not the backend’s where the host fails to judge a response', async () => {
    const { env, loadbalancer, writer } = setUp({ isFailure: refuse });
    await over(loadbalancer.onRequest(aRequest(), writer), env);
    expect(writer.errors).toEqual([thrown]);
    expect(loadbalancer.stats().backends.every(({ failures }) => failures === 0)).toBe(true);
  });

  it('that of the key: its text is not taken for the HTTP service’s', async () => {
    const { loadbalancer, writer } = setUp({
      key: () => {
        throw 'no key';
      },
    });
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.errors[0]?.message).toBe('the request failed with "no key", which is not an Error');
  });
});
