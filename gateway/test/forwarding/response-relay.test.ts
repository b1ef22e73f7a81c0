import { describe, expect, it, vi } from 'vitest';
import { Balancer, type Lease } from '../../../src/index.ts';
import type { Verdict } from '../../../src/internal.ts';
import { FlushQueue } from '../../src/forwarding/flush-queue.ts';
import { type RelayOwner, ResponseRelay } from '../../src/forwarding/response-relay.ts';
import type { BackendFailure } from '../../src/upstream/backend-failure.ts';
import { Upstream } from '../../src/upstream/upstream.ts';
import { resolvedPool } from '../resolved.ts';
import { FakeCall, FakeClient } from './fakes.ts';

const ORIGIN = 'http://10.0.0.1';

class Owner implements RelayOwner {
  readonly client: FakeClient;
  readonly flushes = new FlushQueue();
  readonly eventStreamMs = 3_600_000;
  readonly namesGone = undefined;
  readonly errors: BackendFailure[] = [];
  bytes = 0;
  /** Whether heads are passed on, or what is thrown instead. */
  passes: Verdict | Error = 'stands';

  constructor(client: FakeClient) {
    this.client = client;
  }

  started(): void {}

  passInterim(status: number): void {
    this.client.writeInterim(status, []);
  }

  passHead(relay: ResponseRelay, status: number): Verdict {
    if (this.passes instanceof Error) throw this.passes;
    if (this.passes === 'stands') this.writeHead(relay, status);
    return this.passes;
  }

  writeHead(_relay: ResponseRelay, status: number): void {
    this.client.writeHead(status, '', []);
  }

  passed(bytes: number): void {
    this.bytes += bytes;
  }

  attemptFailed(_relay: ResponseRelay, error: BackendFailure): void {
    this.errors.push(error);
  }
}

function setUp(method = 'GET') {
  const client = new FakeClient({ method });
  const owner = new Owner(client);
  const lease = new Balancer([ORIGIN]).acquire('') as Lease;
  const upstream = new Upstream({ url: ORIGIN }, resolvedPool({ backends: [ORIGIN] }));
  const attempt = new ResponseRelay(owner, lease, upstream);
  const calls: FakeCall[] = [];
  vi.spyOn(upstream.connections, 'send').mockImplementation((message, events) => {
    const call = new FakeCall(message, events);
    calls.push(call);
    return call;
  });
  attempt.send({
    path: '/',
    method: 'GET',
    headers: [],
    body: undefined,
    expectsContinue: false,
    headTimeoutMs: undefined,
    client: undefined,
  });
  const [backend] = calls as [FakeCall];
  return { client, owner, attempt, backend };
}

const aMoment = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('an answer', () => {
  it('goes out with its end in one piece where all of it is there', () => {
    const { client, owner, backend } = setUp();
    backend.answer(200, 'body');
    expect(client.calls).toEqual(['head 200', 'end body']);
    expect(owner.bytes).toBe(4);
  });

  it('is not waited for where all of it has come with its head', async () => {
    const { client, owner, backend } = setUp();
    const add = vi.spyOn(owner.flushes, 'add');
    backend.connect().events.head(200, '', ['Content-Length', '4'], true);
    backend.data('body');
    backend.complete();
    await aMoment();
    expect(client.calls).toEqual(['head 200', 'end body']);
    expect(add).not.toHaveBeenCalled();
  });

  it('goes out as it comes where it comes in pieces', async () => {
    const { client, owner, backend } = setUp();
    backend.connect().head(200, 'Content-Length', '9');
    backend.data('abc');
    backend.data('def');
    expect(client.calls).toEqual(['head 200', 'write abc']);
    await aMoment();
    expect(client.calls.slice(2)).toEqual(['write def']);
    backend.data('ghi');
    await aMoment();
    backend.complete();
    expect(client.calls.slice(3)).toEqual(['end ghi']);
    expect(owner.bytes).toBe(9);
  });

  it("is copied where it waits: its memory is the giver's again", async () => {
    const { client, backend } = setUp();
    const memory = Buffer.from('abc');
    backend.connect().head(200).events.data(memory);
    memory.fill('x');
    await aMoment();
    expect(client.calls.slice(1)).toEqual(['write abc']);
  });

  it.each([[[]], [['Content-Length', '5']]])(
    'has its head sent before a body that does not follow at once: %j',
    async (headers) => {
      const { client, backend } = setUp();
      backend.connect().head(200, ...headers);
      expect(client.calls).toEqual(['head 200']);
      await aMoment();
      expect(client.calls.slice(1)).toEqual(['flush']);
    },
  );

  it('passes trailers on, and none where there are none', () => {
    const { client, backend } = setUp();
    backend.connect().head(200);
    backend.complete('X-Sum', '1', 'Connection', 'x');
    expect(client.trailers).toEqual(['X-Sum', '1']);
    const other = setUp();
    other.backend.answer(200);
    expect(other.client.trailers).toBeUndefined();
  });

  it('passes interim answers on before it', () => {
    const { client, backend } = setUp();
    backend.connect().head(103).head(103).head(200, 'Content-Length', '0').complete();
    expect(client.calls).toEqual(['interim 103', 'interim 103', 'head 200', 'end']);
  });

  it.each([
    ['GET', 204],
    ['GET', 205],
    ['GET', 304],
    ['HEAD', 200],
  ])('to %s with %s ends with its head', (method, status) => {
    const { client, backend } = setUp(method);
    backend.connect().head(status, 'Content-Length', '10');
    backend.data('never sent');
    backend.complete();
    expect(client.calls).toEqual([`head ${status}`, 'end']);
  });

  it('that has no content, and a body without end, is not read for ever', () => {
    const { client, owner, backend } = setUp();
    backend.connect().head(205);
    for (let pieces = 0; pieces < 4; pieces++) backend.data('x'.repeat(20_000));
    expect(client.calls).toEqual(['head 205', 'end']);
    expect([backend.aborts, owner.errors, owner.bytes]).toEqual([1, [], 0]);
  });
});

describe('a client that is slow', () => {
  it('holds the backend back until it can take more', () => {
    const { client, attempt, backend } = setUp();
    backend.connect().head(200);
    client.isBlocked = true;
    expect(backend.data('a')).toBe(true);
    expect(backend.data('b')).toBe(false);
    expect(backend.resumes).toBe(0);
    attempt.drained();
    attempt.drained();
    expect(backend.resumes).toBe(1);
  });

  it('has nobody to resume where the answer has been given up', () => {
    const { client, attempt, backend } = setUp();
    backend.connect().head(200);
    client.isBlocked = true;
    backend.data('a');
    backend.data('b');
    attempt.abort();
    attempt.drained();
    expect([backend.aborts, backend.resumes]).toEqual([1, 0]);
  });
});

describe('an answer that cannot be passed on', () => {
  it.each<[string, number, string[]]>([
    ['a status that is none', 99, []],
    ['two lengths', 200, ['Content-Length', '1', 'Content-Length', '1']],
  ])('for %s is a failure after sending', (_, status, headers) => {
    const { client, owner, backend } = setUp();
    backend.connect().head(status, ...headers);
    expect(owner.errors).toMatchObject([{ requestSent: true }]);
    expect([client.calls, backend.aborts]).toEqual([[], 1]);
    backend.fail('UND_ERR_ABORTED');
    expect(owner.errors).toHaveLength(1);
  });

  it('since its head throws is one, too', () => {
    const { owner, backend } = setUp();
    owner.passes = new Error('a header is none');
    backend.connect().head(200);
    expect([owner.errors.length, backend.aborts]).toEqual([1, 1]);
  });
});

describe('an answer that nobody wants', () => {
  it('goes by unread, so that its connection can be kept', () => {
    const { client, owner, backend } = setUp();
    owner.passes = 'retried';
    backend.connect().head(503);
    for (let i = 0; i < 64; i++) expect(backend.data('x'.repeat(1_024))).toBe(true);
    expect(backend.aborts).toBe(0);
    backend.complete();
    expect([client.calls, owner.errors]).toEqual([[], []]);
  });

  it('is ended where it is long', () => {
    const { owner, backend } = setUp();
    owner.passes = 'retried';
    backend.connect().head(503);
    for (let i = 0; i < 65; i++) backend.data('x'.repeat(1_024));
    expect(backend.aborts).toBe(1);
  });
});

describe('a response of which it is not yet known whether it is wanted', () => {
  const keep = () => {
    const all = setUp();
    all.owner.passes = 'queued';
    all.backend.connect();
    expect(all.backend.events.head(503, '', [])).toBe(false);
    expect([all.client.calls, all.attempt.isKept]).toEqual([[], true]);
    return all;
  };

  it('is kept, and passed on when it is', () => {
    const { client, attempt, backend } = keep();
    attempt.passKept();
    attempt.passKept();
    expect([attempt.isPassing, attempt.isKept, backend.resumes]).toEqual([true, false, 1]);
    backend.data('body');
    backend.complete();
    expect(client.calls).toEqual(['head 503', 'end body']);
  });

  it('is dropped when it is not', () => {
    const { client, owner, attempt, backend } = keep();
    attempt.drop();
    attempt.passKept();
    expect(backend.resumes).toBe(1);
    backend.data('body');
    backend.complete();
    expect([client.calls, owner.errors]).toEqual([[], []]);
  });

  it('may break meanwhile', () => {
    const { client, owner, attempt, backend } = keep();
    backend.fail('ECONNRESET');
    attempt.passKept();
    attempt.drop();
    expect([client.calls, owner.errors.length, backend.resumes]).toEqual([[], 1, 0]);
  });

  it('may turn out to be none that can be passed on', () => {
    const { owner, attempt, backend } = keep();
    owner.writeHead = () => {
      throw new Error('a header is none');
    };
    attempt.passKept();
    expect([owner.errors.length, backend.aborts]).toEqual([1, 1]);
  });
});

describe('an attempt', () => {
  it('that was given up before it began is aborted, and says nothing more', () => {
    const { owner, attempt, backend } = setUp();
    attempt.abort();
    attempt.abort();
    backend.fail('UND_ERR_ABORTED');
    expect([backend.aborts, owner.errors.length]).toEqual([1, 0]);
  });

  it('that got no connection in time fails before anything was sent', () => {
    const { owner, attempt, backend } = setUp();
    attempt.expire();
    expect(owner.errors).toMatchObject([{ kind: 'timeout', requestSent: false, failure: 'unsent' }]);
    expect(backend.aborts).toBe(1);
  });

  it('that was given up says nothing more', async () => {
    const { client, owner, attempt, backend } = setUp();
    backend.connect().head(200);
    backend.data('a');
    attempt.abort();
    backend.data('b');
    backend.head(200);
    backend.complete();
    await aMoment();
    expect(client.calls).toEqual(['head 200']);
    expect(owner.errors).toEqual([]);
  });

  it('that failed knows whether anything was sent', () => {
    const before = setUp();
    before.backend.fail('ECONNREFUSED');
    expect(before.owner.errors).toMatchObject([{ requestSent: false }]);
    const afterwards = setUp();
    afterwards.backend.connect().fail('UND_ERR_SOCKET');
    expect(afterwards.owner.errors).toMatchObject([{ requestSent: true }]);
  });

  it('that breaks off in mid-body sends nothing of what was held back', async () => {
    const { client, owner, attempt, backend } = setUp();
    backend.connect().head(200, 'Content-Length', '100');
    backend.data('a');
    backend.fail('UND_ERR_SOCKET');
    await aMoment();
    expect(client.calls).toEqual(['head 200']);
    expect([attempt.isPassing, owner.errors.length]).toEqual([true, 1]);
  });
});
