import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyTooLargeError, Upload } from '../../src/forwarding/upload.ts';
import { StreamBody } from '../../src/message/body.ts';
import { SourceStream } from './fakes.ts';

/** A body as a client sends it, piece by piece. */
class Body extends Readable {
  isWhole = false;

  constructor() {
    super({ highWaterMark: 1_024 });
  }

  override _read(): void {}

  send(text: string): this {
    this.push(Buffer.from(text));
    return this;
  }

  finish(): void {
    this.isWhole = true;
    this.push(null);
  }
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

function setUp({ bodyBytes = 1_000_000, replayBytes = 10 } = {}) {
  const body = new Body();
  const upload = new Upload(new StreamBody(body, () => body.isWhole), { bodyBytes, replayBytes });
  /** The body for an attempt. */
  const open = () => new SourceStream(upload.open());
  return { body, upload, open };
}

/** What a taker gets, and how it ends. */
function taking(stream: Readable) {
  const taken = { text: '', end: '' };
  stream.on('data', (chunk: Buffer) => (taken.text += chunk.toString()));
  stream.once('end', () => (taken.end = 'end'));
  stream.once('error', (error) => (taken.end = error.message));
  return taken;
}

describe('an upload', () => {
  it('is not read before somebody wants it', async () => {
    const { body, upload, open } = setUp();
    body.send('early');
    const stream = open();
    await settled();
    expect([upload.received, upload.isAwaited]).toEqual([0, false]);
    const taken = taking(stream);
    await settled();
    expect([taken.text, upload.received, upload.isAwaited]).toEqual(['early', 5, true]);
  });

  it('waits for the next attempt with what would be too much to be kept', async () => {
    const { body, upload, open } = setUp();
    const before = taking(open());
    body.send('first');
    await settled();
    upload.hold();
    body.send('more than is kept').finish();
    await settled();
    expect([upload.received, upload.isReplayable, upload.isAwaited]).toEqual([5, true, false]);
    const taken = taking(open());
    await settled();
    expect(taken).toEqual({ text: 'firstmore than is kept', end: 'end' });
    expect(before).toEqual({ text: 'first', end: '' });
  });

  it('ends where all of it has come', async () => {
    const { body, upload, open } = setUp();
    const taken = taking(open());
    body.send('ab').send('c').finish();
    await settled();
    expect(taken).toEqual({ text: 'abc', end: 'end' });
    expect([upload.received, upload.isAwaited, upload.error]).toEqual([3, false, undefined]);
  });

  it('waits for a taker that is slow, and holds the client back', async () => {
    const { body, upload, open } = setUp();
    const stream = open();
    stream.read(0);
    await settled();
    for (let i = 0; i < 70; i++) body.send('x'.repeat(1_000));
    await settled();
    expect(body.isPaused()).toBe(true);
    expect(upload.isAwaited).toBe(false);
    expect(upload.received).toBeLessThan(70_000);
    const taken = taking(stream);
    body.finish();
    await settled();
    await settled();
    expect([taken.text.length, taken.end]).toEqual([70_000, 'end']);
  });
});

describe('an upload once more from its beginning', () => {
  it('has what was kept, and then the rest', async () => {
    const { body, upload, open } = setUp();
    const first = taking(open());
    body.send('abc');
    await settled();
    const second = taking(open());
    body.send('def');
    await settled();
    expect(upload.isReplayable).toBe(true);
    const third = taking(open());
    body.finish();
    await settled();
    expect(first).toEqual({ text: 'abc', end: '' });
    expect(second).toEqual({ text: 'abcdef', end: '' });
    expect(third).toEqual({ text: 'abcdef', end: 'end' });
    const afterTheEnd = taking(open());
    await settled();
    expect(afterTheEnd).toEqual({ text: 'abcdef', end: 'end' });
  });

  it('is possible as long as all of it fits into what is kept, to the byte', async () => {
    const { body, upload, open } = setUp({ replayBytes: 10 });
    taking(open());
    body.send('0123456789');
    await settled();
    expect(upload.isReplayable).toBe(true);
    body.send('x');
    await settled();
    expect(upload.isReplayable).toBe(false);
  });

  it('is the same, however it was cut and whenever it was begun anew', async () => {
    const pieces = fc.array(fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme-ascii' }), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(pieces, fc.nat({ max: 8 }), async (texts, restartAt) => {
        const { body, upload, open } = setUp({ replayBytes: 1_000 });
        let taken = taking(open());
        for (const [index, text] of texts.entries()) {
          if (index === restartAt) taken = taking(open());
          body.send(text);
          await settled();
        }
        body.finish();
        await settled();
        expect(taken).toEqual({ text: texts.join(''), end: 'end' });
        expect(upload.received).toBe(texts.join('').length);
      }),
      { numRuns: 30 },
    );
  });
});

describe('half an upload never looks like a whole one', () => {
  it('where the client leaves: an end that is none', async () => {
    const { body, upload, open } = setUp();
    const taken = taking(open());
    body.send('half');
    await settled();
    // A stream of HTTP/2 that was reset ends like any other.
    body.push(null);
    await settled();
    await settled();
    expect(taken).toEqual({ text: 'half', end: 'the client left before the end of its body' });
    expect(upload.error?.message).toBe(taken.end);
  });

  it('where the connection breaks', async () => {
    const { body, open } = setUp();
    const taken = taking(open());
    body.send('half');
    await settled();
    body.destroy(new Error('reset'));
    await settled();
    expect(taken.end).toBe('reset');
    const again = taking(open());
    await settled();
    expect(again.end).toBe('reset');
  });

  it('where it is too large: none of what is too much is passed on', async () => {
    const { body, upload, open } = setUp({ bodyBytes: 5 });
    const taken = taking(open());
    body.send('12345');
    await settled();
    expect(upload.error).toBeUndefined();
    body.send('6').finish();
    await settled();
    expect(taken.text).toBe('12345');
    expect(upload.error).toBeInstanceOf(BodyTooLargeError);
  });

  it('where its request is over', async () => {
    const { body, upload, open } = setUp();
    const taken = taking(open());
    body.send('half');
    await settled();
    upload.close();
    await settled();
    expect(taken.end).toBe('the request is over');
    expect(upload.isReplayable).toBe(false);
  });
});

describe('what is left of an upload', () => {
  it('goes by unread where nobody wants it, but is counted', async () => {
    const { body, upload, open } = setUp();
    const taken = taking(open());
    body.send('a');
    await settled();
    upload.discard();
    for (let i = 0; i < 100; i++) body.send('x'.repeat(1_000));
    body.finish();
    await settled();
    await settled();
    expect([taken.text, upload.received]).toEqual(['a', 100_001]);
  });

  it('is not asked for where it was not begun', async () => {
    const { body, upload } = setUp();
    body.send('a');
    upload.close();
    await settled();
    expect([upload.received, body.readableFlowing]).toEqual([0, null]);
  });

  it('breaks off once', async () => {
    const { body, upload } = setUp();
    const errors: string[] = [];
    upload
      .open()
      .open({ data: () => {}, end: () => errors.push('end'), failed: ({ message }) => errors.push(message) });
    body.send('half');
    await settled();
    upload.fail(new Error('too late'));
    upload.fail(new Error('later still'));
    body.finish();
    await settled();
    expect([upload.error?.message, errors]).toEqual(['too late', ['too late']]);
  });
});
