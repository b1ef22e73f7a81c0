import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BackendFailure } from '../../src/upstream/backend-failure.ts';
import type { BackendCall, RawHeaders, ResponseEvents } from '../../src/upstream/connections.ts';
import { UndiciConnections } from '../../src/upstream/undici-connections.ts';
import { resolvedPool } from '../resolved.ts';

const opened: UndiciConnections[] = [];

afterEach(() => {
  for (const connections of opened.splice(0)) connections.destroy();
});

/** Notes what it hears. */
class Heard implements ResponseEvents {
  readonly events: string[] = [];
  call: BackendCall | undefined;
  takesMore = true;
  failure: BackendFailure | undefined;

  started(call: BackendCall): void {
    this.call = call;
    this.events.push('started');
  }

  interim(status: number): void {
    this.events.push(`interim ${status}`);
  }

  head(status: number, statusText: string, headers: RawHeaders): boolean {
    this.events.push(`head ${status} ${statusText} ${headers.join(' ')}`);
    return true;
  }

  data(chunk: Buffer): boolean {
    this.events.push(`data ${chunk}`);
    return this.takesMore;
  }

  end(trailers: RawHeaders | undefined): void {
    this.events.push(trailers === undefined ? 'end' : `end ${trailers.join(' ')}`);
  }

  failed(failure: BackendFailure): void {
    this.failure = failure;
    this.events.push('failed');
  }
}

type Dispatched = Parameters<UndiciConnections['pool']['dispatch']>;
/** The older form of undici's handlers. */
type Handler = Required<Pick<Dispatched[1], 'onConnect' | 'onHeaders' | 'onData' | 'onComplete' | 'onError'>>;

function setUp(url = 'http://10.0.0.1') {
  const connections = new UndiciConnections(url, resolvedPool({ backends: [url] }));
  opened.push(connections);
  const dispatched: Dispatched[] = [];
  vi.spyOn(connections.pool, 'dispatch').mockImplementation((...all) => {
    dispatched.push(all);
    return true;
  });
  const heard = new Heard();
  const message = { method: 'GET', path: '/a?b', headers: ['Host', 'a'], body: undefined };
  const call = connections.send({ ...message, headTimeoutMs: undefined }, heard);
  const [[options, handler]] = dispatched as [Dispatched];
  return { heard, call, options, handler: handler as Handler };
}

const raw = (...texts: string[]) => texts.map((text) => Buffer.from(text));

describe('a request through undici', () => {
  it('goes below the path of the base URL, by the name of the backend', () => {
    expect(setUp('https://[::1]:81/base/').options).toMatchObject({
      path: '/base/a?b',
      method: 'GET',
      headers: ['Host', 'a'],
      body: null,
      headersTimeout: null,
      servername: '::1',
    });
  });

  it('tells what comes of it in order', () => {
    const { heard, handler } = setUp();
    handler.onConnect(() => {});
    handler.onHeaders(103, raw('Link', 'x'), () => {}, 'Early Hints');
    handler.onHeaders(200, raw('A', 'b'), () => {}, 'OK');
    expect(handler.onData(Buffer.from('body'))).toBe(true);
    handler.onComplete(['X-Sum', '1']);
    expect(heard.events).toEqual(['started', 'interim 103', 'head 200 OK A b', 'data body', 'end X-Sum 1']);
  });

  it.each([[null], [[]]])('has no trailers where undici has %j', (trailers) => {
    const { heard, handler } = setUp();
    handler.onComplete(trailers);
    expect(heard.events).toEqual(['end']);
  });

  it('is held back, and resumed outside of what undici reads', async () => {
    const { heard, handler, call } = setUp();
    let resumes = 0;
    handler.onConnect(() => {});
    handler.onHeaders(200, [], () => resumes++, '');
    heard.takesMore = false;
    expect(handler.onData(Buffer.from('a'))).toBe(false);
    call.resume();
    expect(resumes).toBe(0);
    await Promise.resolve();
    expect(resumes).toBe(1);
    call.resume();
    call.abort();
    await Promise.resolve();
    expect(resumes).toBe(1);
  });

  it('that is aborted tells nothing more', () => {
    const { heard, handler, call } = setUp();
    let aborts = 0;
    handler.onConnect(() => aborts++);
    call.abort();
    call.abort();
    handler.onHeaders(200, [], () => {}, '');
    expect(handler.onData(Buffer.from('a'))).toBe(true);
    handler.onComplete(null);
    handler.onError(new Error('aborted'));
    expect([aborts, heard.events]).toEqual([1, ['started']]);
  });

  it('that is aborted while it waits for a connection is ended when it gets one', () => {
    const { heard, handler, call } = setUp();
    let aborts = 0;
    call.abort();
    handler.onConnect(() => aborts++);
    expect([aborts, heard.events]).toEqual([1, []]);
  });

  it('that fails tells whether anything may have been sent', () => {
    const unsent = setUp();
    unsent.handler.onError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    expect(unsent.heard.failure).toMatchObject({ kind: 'broken', requestSent: false });
    const sent = setUp();
    sent.handler.onConnect(() => {});
    sent.handler.onError(Object.assign(new Error('late'), { code: 'UND_ERR_HEADERS_TIMEOUT' }));
    expect(sent.heard.failure).toMatchObject({ kind: 'timeout', requestSent: true });
  });
});
