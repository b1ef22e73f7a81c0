// The body of a request between the connection that receives it and the sink that takes it.
import { describe, expect, it, vi } from 'vitest';
import { RequestBody } from '../../src/http1/request-body.ts';

const PIECE = Buffer.alloc(40_000);

/** A body that takes two pieces before it is full, and a sink that pauses it after so many. */
function setUp(pausesAfter: number) {
  const resumeReading = vi.fn();
  const body = new RequestBody(resumeReading);
  let taken = 0;
  const sink = {
    data: () => {
      if (++taken >= pausesAfter) body.pause();
    },
    end: vi.fn(),
    failed: vi.fn(),
  };
  return { body, sink, resumeReading, taken: () => taken };
}

describe('a body that is full', () => {
  it('has its connection read on once it is less full, and not before', () => {
    const { body, sink, resumeReading, taken } = setUp(1);
    for (let i = 0; i < 3; i++) body.take(PIECE);
    expect(body.isFull).toBe(true);
    body.isHeld = true;
    body.open(sink);
    expect([taken(), body.isFull, resumeReading.mock.calls.length]).toEqual([1, true, 0]);
    body.resume();
    expect([taken(), body.isFull, resumeReading.mock.calls.length]).toEqual([2, false, 1]);
    // Nobody waits any more.
    body.resume();
    expect([taken(), resumeReading.mock.calls.length]).toEqual([3, 1]);
  });

  it('is not told to go on where it was not held', () => {
    const { body, sink, resumeReading } = setUp(9);
    body.take(PIECE);
    body.open(sink);
    body.pause();
    body.resume();
    expect(resumeReading).not.toHaveBeenCalled();
  });

  it('that fails drops what waits, and says so once', () => {
    const { body, sink, taken } = setUp(9);
    body.take(PIECE);
    body.fail(new Error('left'));
    body.fail(new Error('left again'));
    body.open(sink);
    body.resume();
    expect([taken(), sink.failed.mock.calls, sink.end.mock.calls.length]).toEqual([
      0,
      [[new Error('left')]],
      0,
    ]);
  });
});
