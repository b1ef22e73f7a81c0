import { Agent, type Dispatcher, errors, type fetch } from 'undici';
import { describe, expect, it } from 'vitest';
import { BalancedDispatcher } from '../../src/adapters/undici/index.ts';
import { Balancer, maxInFlight, type Request } from '../../src/index.ts';
import { startAtTheFirst } from '../first-backend.ts';
import { TestEnv } from '../support.ts';

startAtTheFirst();

type Handler = Dispatcher.DispatchHandler;

/** A dispatcher in whose place the test answers. */
class HandDispatcher extends Agent {
  readonly calls: { options: Dispatcher.DispatchOptions; handler: Handler }[] = [];

  override dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    this.calls.push({ options, handler });
    return true;
  }
}

/** A connection as the test plays it. */
function aController() {
  const steps: string[] = [];
  const controller = {
    aborted: false,
    paused: false,
    reason: null,
    rawHeaders: [Buffer.from('X-Raw'), Buffer.from('1')],
    rawTrailers: [],
    abort: (reason: Error) => void steps.push(`abort ${reason.message}`),
    pause: () => void steps.push('pause'),
    resume: () => void steps.push('resume'),
  };
  return { steps, controller: controller as Dispatcher.DispatchController };
}

/** A handler that notes what it hears. */
function aHandler() {
  const heard: string[] = [];
  let controller: Dispatcher.DispatchController | undefined;
  const handler: Handler = {
    onRequestStart: (given) => {
      controller = given;
    },
    onResponseStart: (_, status) => void heard.push(`start ${status}`),
    onResponseData: (_, chunk) => void heard.push(`data ${chunk}`),
    onResponseEnd: () => void heard.push('end'),
    onResponseError: (_, error) => void heard.push(`error ${error.message}`),
  };
  return { heard, handler, controller: () => controller as Dispatcher.DispatchController };
}

function aDispatch(urls = ['http://a/base', 'http://b']) {
  const env = new TestEnv();
  const inner = new HandDispatcher();
  const failover = { minDelayMs: 10, maxDelayMs: 10 };
  const dispatcher = new BalancedDispatcher(urls, {
    strategy: 'round-robin',
    failover,
    env,
    dispatcher: inner,
  });
  return { env, inner, dispatcher, held: () => dispatcher.stats().inFlight };
}

const get = { path: '/x', method: 'GET', headersTimeout: 7 } as const;

describe('a balanced dispatcher', () => {
  it('changes nothing of a request but origin and path', () => {
    const { inner, dispatcher } = aDispatch();
    dispatcher.dispatch({ ...get, origin: 'http://virtual', body: 'x' }, aHandler().handler);
    expect(inner.calls[0]?.options).toEqual({ ...get, origin: 'http://a', path: '/base/x', body: 'x' });
    dispatcher.dispatch({ ...get, method: 'CONNECT', path: 'host:443' }, aHandler().handler);
    expect(inner.calls[1]?.options).toMatchObject({ origin: 'http://b', path: 'host:443' });
  });

  it('passes on pauses and resumption, also through a change of backends', () => {
    const { env, inner, dispatcher, held } = aDispatch();
    const { handler, heard, controller } = aHandler();
    const [one, two] = [aController(), aController()];
    dispatcher.dispatch(get, handler);
    inner.calls[0]?.handler.onRequestStart?.(one.controller, undefined);
    inner.calls[0]?.handler.onResponseStart?.(one.controller, 503, {});
    expect(heard).toEqual([]);
    env.advance(10);
    inner.calls[1]?.handler.onRequestStart?.(two.controller, undefined);
    inner.calls[1]?.handler.onResponseStart?.(two.controller, 200, {});
    controller().pause();
    controller().resume();
    expect([one.steps, two.steps]).toEqual([[], ['pause', 'resume']]);
    inner.calls[0]?.handler.onResponseData?.(one.controller, Buffer.from('of the first'));
    inner.calls[0]?.handler.onResponseEnd?.(one.controller, {});
    inner.calls[1]?.handler.onResponseData?.(two.controller, Buffer.from('of the second'));
    expect(held()).toBe(1);
    inner.calls[1]?.handler.onResponseEnd?.(two.controller, {});
    expect([heard, held()]).toEqual([['start 200', 'data of the second', 'end'], 0]);
  });

  it('reads no more than 64 KiB of an answer that it discards', () => {
    const { inner, dispatcher } = aDispatch();
    const { steps, controller } = aController();
    dispatcher.dispatch(get, aHandler().handler);
    const { handler } = inner.calls[0] as { handler: Handler };
    handler.onRequestStart?.(controller, undefined);
    handler.onResponseStart?.(controller, 503, {});
    handler.onResponseData?.(controller, Buffer.alloc(65_536));
    expect(steps).toEqual([]);
    handler.onResponseData?.(controller, Buffer.alloc(1));
    expect(steps).toEqual(['abort the response was discarded']);
  });

  describe('whose every other backend is busy', () => {
    /** Two requests, the first of which got 503. */
    const keep = async () => {
      const env = new TestEnv();
      const inner = new HandDispatcher();
      const dispatcher = new BalancedDispatcher(['http://a', 'http://b'], {
        strategy: 'round-robin',
        guards: [maxInFlight(1)],
        queue: true,
        failover: { minDelayMs: 0, maxDelayMs: 0 },
        env,
        dispatcher: inner,
      });
      const [one, two] = [aHandler(), aHandler()];
      const [first, second] = [aController(), aController()];
      dispatcher.dispatch(get, one.handler);
      dispatcher.dispatch(get, two.handler);
      const [kept, other] = inner.calls.map(({ handler }) => handler) as [Handler, Handler];
      kept.onRequestStart?.(first.controller, undefined);
      kept.onResponseStart?.(first.controller, 503, {}, '');
      expect([one.heard, first.steps]).toEqual([[], ['pause']]);
      /** The other request ends, and the queue serves this one. */
      const serve = async () => {
        other.onRequestStart?.(second.controller, undefined);
        other.onResponseStart?.(second.controller, 200, {}, '');
        other.onResponseEnd?.(second.controller, {});
        for (let i = 0; i < 10; i++) await Promise.resolve();
      };
      const giveUp = async () => {
        env.advance(3_000);
        for (let i = 0; i < 10; i++) await Promise.resolve();
      };
      return { inner, one, first, kept, serve, giveUp };
    };

    it('keeps a response, and passes it on when it waits for too long', async () => {
      const { one, first, kept, giveUp } = await keep();
      await giveUp();
      expect([one.heard, first.steps]).toEqual([['start 503'], ['pause', 'resume']]);
      kept.onResponseData?.(first.controller, Buffer.from('x'));
      kept.onResponseEnd?.(first.controller, {});
      expect(one.heard).toEqual(['start 503', 'data x', 'end']);
    });

    it('passes on what came meanwhile, from a dispatcher that does not pause', async () => {
      const { one, first, kept, giveUp } = await keep();
      kept.onResponseData?.(first.controller, Buffer.from('x'));
      kept.onResponseEnd?.(first.controller, {});
      expect(one.heard).toEqual([]);
      await giveUp();
      expect(one.heard).toEqual(['start 503', 'data x', 'end']);
    });

    it('passes on that it broke meanwhile', async () => {
      const { one, first, kept, giveUp } = await keep();
      kept.onResponseError?.(first.controller, new Error('broken'));
      expect(one.heard).toEqual([]);
      await giveUp();
      expect(one.heard).toEqual(['start 503', 'error broken']);
    });

    it('lets it go by unread when there is another one', async () => {
      const { inner, one, first, kept, serve } = await keep();
      await serve();
      expect([inner.calls.length, first.steps]).toEqual([3, ['pause', 'resume']]);
      kept.onResponseData?.(first.controller, Buffer.from('x'));
      kept.onResponseEnd?.(first.controller, {});
      expect(one.heard).toEqual([]);
    });
  });

  it('ends a connection that comes too late', () => {
    const { inner, dispatcher, held } = aDispatch();
    const { handler, heard, controller } = aHandler();
    const late = aController();
    dispatcher.dispatch(get, handler);
    controller().abort(new Error('left'));
    controller().abort(new Error('again'));
    expect([heard, held()]).toEqual([['error left'], 0]);
    expect(controller()).toMatchObject({ aborted: true, reason: { message: 'left' } });
    inner.calls[0]?.handler.onRequestStart?.(late.controller, undefined);
    inner.calls[0]?.handler.onResponseError?.(late.controller, new Error('left'));
    expect([late.steps, heard]).toEqual([['abort left'], ['error left']]);
  });

  it('speaks to older handlers in their own way', () => {
    const { inner, dispatcher } = aDispatch();
    const { steps, controller } = aController();
    const heard: unknown[] = [];
    let resume = () => {};
    dispatcher.dispatch(get, {
      onConnect: () => heard.push('connect'),
      onHeaders: (status, headers, goOn) => {
        resume = goOn;
        heard.push(status, String(headers[0]));
        return false;
      },
      onData: (chunk) => heard.push(String(chunk)) < 0,
      onComplete: (trailers) => void heard.push(trailers),
      onError: (error) => void heard.push(error),
    });
    const { handler } = inner.calls[0] as { handler: Handler };
    handler.onRequestStart?.(controller, undefined);
    handler.onResponseStart?.(controller, 200, {});
    resume();
    handler.onResponseData?.(controller, Buffer.from('data'));
    handler.onResponseEnd?.(controller, {});
    expect(heard).toEqual(['connect', 200, 'X-Raw', 'data', []]);
    expect(steps).toEqual(['pause', 'resume', 'pause']);
  });

  it('lets an older handler abort without a reason', () => {
    const { dispatcher, held } = aDispatch();
    const seen: Error[] = [];
    dispatcher.dispatch(get, { onConnect: (abort) => abort(), onError: (error) => void seen.push(error) });
    expect(seen[0]).toBeInstanceOf(errors.RequestAbortedError);
    expect(held()).toBe(0);
  });

  it('tries the next where the inner dispatcher throws', () => {
    const { env, inner, dispatcher } = aDispatch();
    const { handler, heard } = aHandler();
    Object.assign(inner, {
      dispatch: () => {
        throw new Error('no');
      },
    });
    dispatcher.dispatch({ ...get, method: 'POST' }, handler);
    env.advance(10);
    expect(heard).toEqual(['error no']);
    expect(dispatcher.stats()).toMatchObject({ inFlight: 0, failover: { retries: { unsent: 1 } } });
  });

  it('has exact types', () => {
    const dispatcher: Dispatcher = new BalancedDispatcher(['http://a'], {
      strategy: 'maglev',
      failover: true,
    });
    const options: Parameters<typeof fetch>[1] = { dispatcher };
    const balancer = new Balancer<Request>([]);
    new BalancedDispatcher(balancer, { origin: new URL('http://x') });
    // @ts-expect-error: the strategy is the balancer's business
    expect(() => new BalancedDispatcher(balancer, { strategy: 'maglev' })).toThrow(
      'strategy is not an option',
    );
    // @ts-expect-error: no such option
    expect(() => new BalancedDispatcher([], { connections: 5 })).toThrow('connections is not an option');
    expect(options?.dispatcher).toBe(dispatcher);
  });
});
