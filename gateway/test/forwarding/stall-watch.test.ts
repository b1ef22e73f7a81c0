import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ActiveSet } from '../../src/forwarding/active-set.ts';
import type { Context, UnderWay } from '../../src/forwarding/context.ts';
import { StallWatch } from '../../src/forwarding/stall-watch.ts';
import type { Refusal } from '../../src/local-reply/refusal.ts';

/** A request as far as the watch sees it. */
class Request implements UnderWay {
  place = -1;
  bytesSent = 0;
  upload: { received: number; isAwaited: boolean } | undefined;
  attempt: { isStarted: boolean; patienceMs: number; expire: () => void } | undefined;
  isBlocked = false;
  flushes = 0;
  moves = 0;
  readonly ends: string[] = [];
  readonly client: UnderWay['client'];

  constructor(upload?: { received: number; isAwaited: boolean }) {
    this.upload = upload;
    const request = this;
    this.client = {
      get isBlocked() {
        return request.isBlocked;
      },
      abort: () => void this.ends.push('abort'),
      flushHead: () => void this.flushes++,
    };
  }

  moveOn(): void {
    this.moves++;
  }

  refuse({ code }: Refusal): void {
    this.ends.push(code);
  }
}

/** An attempt that waits for a connection. */
const waiting = (request: Request) => ({
  isStarted: false,
  patienceMs: 5_000,
  expire: () => void request.ends.push('expired'),
});

const SLOW = 'ERR_GW_REQUEST_TIMEOUT';
let watch: StallWatch;
let exchanges: ActiveSet<UnderWay>;
const timeouts = { bodyMs: 20_000, writeMs: 60_000 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  exchanges = new ActiveSet();
  watch = new StallWatch(() => ({ exchanges, timeouts }) as unknown as Context);
});

afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

function watched(upload?: { received: number; isAwaited: boolean }): Request {
  const request = new Request(upload);
  exchanges.add(request);
  return request;
}

/** Lets seconds go by, and something happen in each. */
function seconds(count: number, happens: () => void = () => {}): void {
  for (let i = 0; i < count; i++) {
    happens();
    vi.advanceTimersByTime(1_000);
  }
}

it('lets requests move on whose backend has fallen ill', () => {
  const request = watched();
  seconds(3);
  expect(request.moves).toBe(3);
});

describe('an attempt that gets no connection', () => {
  it('is given up after a while', () => {
    const request = watched();
    seconds(10);
    request.attempt = waiting(request);
    seconds(4);
    expect(request.ends).toEqual([]);
    seconds(1);
    expect(request.ends).toEqual(['expired']);
  });

  it('may take its time once it has one', () => {
    const request = watched();
    request.attempt = waiting(request);
    seconds(4);
    request.attempt.isStarted = true;
    seconds(50);
    expect(request.ends).toEqual([]);
  });
});

describe('a client that sends nothing more of its body', () => {
  it('is told so after a while', () => {
    const request = watched({ received: 10, isAwaited: true });
    seconds(20);
    expect(request.ends).toEqual([]);
    seconds(1);
    expect(request.ends).toEqual([SLOW]);
  });

  it('has all of its time again with each piece', () => {
    const request = watched({ received: 10, isAwaited: true });
    for (let i = 0; i < 3; i++) {
      seconds(19);
      request.upload!.received += 10_000;
    }
    expect(request.ends).toEqual([]);
    seconds(22);
    expect(request.ends[0]).toBe(SLOW);
  });

  it('is not to blame while nobody asks it to', () => {
    const request = watched({ received: 10, isAwaited: false });
    seconds(600);
    expect(request.ends).toEqual([]);
    request.upload!.isAwaited = true;
    seconds(19);
    expect(request.ends).toEqual([]);
    seconds(2);
    expect(request.ends[0]).toBe(SLOW);
  });
});

describe('a client that sends next to nothing', () => {
  it('is told so when that has gone on for half a minute', () => {
    const request = watched({ received: 0, isAwaited: true });
    seconds(30, () => (request.upload!.received += 50));
    expect(request.ends).toEqual([]);
    seconds(2, () => (request.upload!.received += 50));
    expect(request.ends[0]).toBe(SLOW);
  });

  it('is left alone at 100 bytes a second', () => {
    const request = watched({ received: 0, isAwaited: true });
    seconds(600, () => (request.upload!.received += 101));
    expect(request.ends).toEqual([]);
  });

  it('has time that counts from when it was asked: not the wait for a backend', () => {
    const request = watched({ received: 0, isAwaited: false });
    seconds(45);
    request.upload = { received: 20, isAwaited: true };
    seconds(10, () => (request.upload!.received += 20));
    expect(request.ends).toEqual([]);
  });
});

describe('a client that takes nothing of its answer', () => {
  it('is left', () => {
    const request = watched();
    request.isBlocked = true;
    seconds(60);
    expect(request.ends).toEqual([]);
    seconds(1);
    expect(request.ends).toEqual(['abort']);
  });

  it('has all of its time again with each piece', () => {
    const request = watched();
    request.isBlocked = true;
    seconds(180, () => (request.bytesSent += 1));
    expect(request.ends).toEqual([]);
  });

  it('is not to blame where there is nothing to take', () => {
    const request = watched();
    seconds(600);
    expect(request.ends).toEqual([]);
  });
});

describe('the watch', () => {
  it('lets no head wait for its body for longer than a second', () => {
    const request = watched();
    seconds(3);
    expect(request.flushes).toBe(3);
  });

  it('looks no more at what has ended, nor after its own end', () => {
    const [gone, stays] = [watched(), watched()];
    exchanges.delete(gone);
    seconds(1);
    watch.close();
    seconds(1);
    expect([gone.flushes, stays.flushes]).toEqual([0, 1]);
  });
});
