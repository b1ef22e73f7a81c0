import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogPipe } from '../../src/observation/log-pipe.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const failure = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });

/** A reader that takes so many bytes, and fails as it is told. */
class Reader {
  text = '';
  /** Sizes of the writes. */
  readonly writes: number[] = [];
  room = Number.POSITIVE_INFINITY;
  failure: Error | undefined;
  readonly told: string[] = [];

  readonly pipe = new LogPipe((chunk) => this.#take(chunk), {
    onBroken: ({ message }) => this.told.push(message),
    onRecovered: (dropped) => this.told.push(`${dropped} dropped`),
  });

  #take(chunk: Uint8Array): number {
    if (this.failure !== undefined) throw this.failure;
    if (this.room === 0) throw failure('EAGAIN');
    const taken = chunk.subarray(0, this.room);
    this.room -= taken.byteLength;
    this.writes.push(taken.byteLength);
    this.text += Buffer.from(taken).toString('latin1');
    return taken.byteLength;
  }
}

/** Lets everything happen that is due at once. */
const turn = () => vi.advanceTimersByTime(0);

describe('a log pipe', () => {
  it('writes at the end of a turn, many lines at once', () => {
    const reader = new Reader();
    for (const line of ['a\n', 'b\n', 'c\n']) reader.pipe.write(line);
    expect(reader.text).toBe('');
    turn();
    expect(reader.text).toBe('a\nb\nc\n');
    expect(reader.writes).toHaveLength(1);
    reader.pipe.write('d\n');
    turn();
    expect(reader.text).toBe('a\nb\nc\nd\n');
  });

  it('writes whole lines of at most 4,096 bytes, which no other process can cut', () => {
    const reader = new Reader();
    const line = `${'é'.repeat(500)}\n`;
    for (let i = 0; i < 20; i++) reader.pipe.write(line);
    turn();
    expect(reader.writes).toEqual([4_004, 4_004, 4_004, 4_004, 4_004]);
    reader.pipe.write(`${'x'.repeat(10_000)}\n`);
    turn();
    expect(reader.writes.at(-1)).toBe(10_001);
  });

  it('waits for a slow reader, and goes on in the middle of a line', () => {
    const reader = new Reader();
    reader.room = 3;
    reader.pipe.write('abcdef\n');
    reader.pipe.write('ghi\n');
    turn();
    expect(reader.text).toBe('abc');
    reader.pipe.write('jkl\n');
    vi.advanceTimersByTime(100);
    expect(reader.text).toBe('abc');
    reader.room = 100;
    vi.advanceTimersByTime(20);
    expect(reader.text).toBe('abcdef\nghi\njkl\n');
    expect(reader.told).toEqual([]);
  });

  it('drops lines beyond 4 MiB, counts them, and says so when it can write again', () => {
    const reader = new Reader();
    reader.room = 0;
    const line = `${'x'.repeat(1_023)}\n`;
    for (let i = 0; i < 4_096 + 10; i++) reader.pipe.write(line);
    turn();
    expect(reader.pipe.dropped).toBe(10);
    reader.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(20);
    expect(reader.text).toHaveLength(4_194_304);
    expect(reader.told).toEqual(['10 dropped']);
    reader.pipe.write(line);
    turn();
    expect(reader.told).toHaveLength(1);
  });

  it.each(['ENOSPC', 'EIO'])('tries again every second after %s', (code) => {
    const reader = new Reader();
    reader.failure = failure(code);
    reader.pipe.write('a\n');
    turn();
    reader.failure = undefined;
    vi.advanceTimersByTime(999);
    expect(reader.text).toBe('');
    vi.advanceTimersByTime(1);
    expect(reader.text).toBe('a\n');
  });

  it.each(['EPIPE', 'EBADF'])('gives up after %s: tells it once, and counts all that is lost', (code) => {
    const reader = new Reader();
    reader.failure = failure(code);
    for (const line of ['a\n', 'b\n']) reader.pipe.write(line);
    turn();
    for (const line of ['c\n', 'd\n', 'e\n']) reader.pipe.write(line);
    vi.advanceTimersByTime(10_000);
    expect(reader.pipe.dropped).toBe(5);
    expect(reader.told).toEqual([`${code}: it failed`]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('writes what is left when it is flushed', () => {
    const reader = new Reader();
    reader.pipe.write('a\n');
    reader.pipe.flush();
    expect(reader.text).toBe('a\n');
  });

  it('waits at a flush for a reader that is only slow', () => {
    let tries = 0;
    let text = '';
    const pipe = new LogPipe((chunk) => {
      if (++tries < 3) throw failure('EAGAIN');
      text += Buffer.from(chunk).toString();
      return chunk.byteLength;
    });
    pipe.write('a\n');
    pipe.flush(10_000);
    expect(text).toBe('a\n');
  });

  it.each([
    ['not at all for a disk that is full', 'ENOSPC', 1],
    ['not long for a reader that sleeps', 'EAGAIN', 10],
  ])('waits at a flush %s', (_, code, most) => {
    let tries = 0;
    const pipe = new LogPipe(() => {
      tries++;
      throw failure(code);
    });
    pipe.write('a\n');
    pipe.flush(50);
    expect(tries).toBeGreaterThan(0);
    expect(tries).toBeLessThanOrEqual(most);
  });
});
