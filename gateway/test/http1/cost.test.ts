// What bytes cost: steps and memory at most in proportion to their number, however they come.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BodyParser } from '../../src/http1/parse-body.ts';
import { FAULT, FRAMING, MORE } from '../../src/http1/parse-head.ts';
import { RequestParser } from '../../src/http1/parse-request.ts';

const LIMITS = { fields: 256, fieldBytes: 16_384, targetBytes: 8_192 };

/** Buffers by what counts their use. */
const originals = new WeakMap<Buffer, Buffer>();
let steps = 0;
let allocated = 0;

/** Bytes that count how often they are read or copied. */
function counting<T extends Buffer>(bytes: T): T {
  const proxy = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) steps++;
      if (key === 'copy')
        return (to: Buffer, at: number, from: number, end: number) => {
          steps += end - from;
          return target.copy(originals.get(to) ?? to, at, from, end);
        };
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' && key !== 'constructor' ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
  originals.set(proxy, bytes);
  return proxy;
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** Steps, and bytes of memory, to read a text in pieces of a size. */
function cost(text: string, size: number): { steps: number; allocated: number } {
  steps = allocated = 0;
  const allocate = Buffer.allocUnsafe.bind(Buffer);
  vi.spyOn(Buffer, 'allocUnsafe').mockImplementation((length) => {
    allocated += length;
    return counting(allocate(length));
  });
  const bytes = counting(Buffer.from(text, 'latin1'));
  const parser = new RequestParser(LIMITS);
  const body = new BodyParser(LIMITS);
  for (let from = 0; from < bytes.length; from += size) {
    const to = Math.min(from + size, bytes.length);
    for (let position = from; position < to; ) {
      position = body.isDone ? parser.read(bytes, position, to) : body.read(bytes, position, to);
      if (position === FAULT) {
        vi.restoreAllMocks();
        return { steps, allocated };
      }
      if (position === MORE) break;
      if (body.isDone && parser.isEmpty) body.begin(parser.framing, parser.contentLength);
    }
  }
  vi.restoreAllMocks();
  return { steps, allocated };
}

const head = (lines: string) => `GET / HTTP/1.1\r\n${lines}\r\n`;
const chunked = head('Transfer-Encoding: chunked\r\n');

describe('the cost of', () => {
  it.each([
    ['pipelined requests', (n: number) => head('Host: a\r\n').repeat(n / 27)],
    ['one long value', (n: number) => head(`A: ${'b'.repeat(Math.min(n, 16_000))}\r\n`)],
    ['many short fields', (n: number) => head('A:\r\n'.repeat(Math.min(n / 4, 250)))],
    ['a long target', (n: number) => `GET /${'a'.repeat(Math.min(n, 8_000))} HTTP/1.1\r\n\r\n`],
    ['empty lines', (n: number) => '\r\n'.repeat(n / 2)],
    ['spaces', (n: number) => head(`A:${' '.repeat(Math.min(n, 16_000))}b\r\n`)],
    ['chunks of one byte', (n: number) => `${chunked}${'1\r\nx\r\n'.repeat(n / 6)}0\r\n\r\n`],
    ['chunk extensions', (n: number) => `${chunked}1;${'a'.repeat(Math.min(n, 16_000))}\r\nx\r\n0\r\n\r\n`],
    ['trailers', (n: number) => `${chunked}0\r\n${'A: b\r\n'.repeat(Math.min(n / 6, 250))}\r\n`],
    ['connection options', (n: number) => head(`Connection: ${'a,'.repeat(Math.min(n / 2, 8_000))}\r\n`)],
    ['a method without end', (n: number) => 'A'.repeat(n)],
  ])('%s is linear, in whatever pieces they come', (_what, textOf) => {
    for (const size of [1, 7, 2_048, 65_536]) {
      const text = textOf(65_536);
      const whole = cost(text, size);
      expect(whole.steps).toBeLessThan(12 * text.length + 1_000);
      // The copy of a head has 512 bytes at least, and is let go of with it.
      expect(whole.allocated).toBeLessThan(20 * text.length + 4_096);
    }
  });

  it('a head that is not whole is bounded by its limits', () => {
    const { allocated: bytes } = cost(head(`A: ${'b'.repeat(1_000_000)}`), 100);
    expect(bytes).toBeLessThan(100_000);
  });

  it('a counted step is one that is made', () => {
    const parser = new BodyParser(LIMITS);
    parser.begin(FRAMING.CHUNKED, -1);
    steps = 0;
    parser.read(counting(Buffer.from('1\r\n')), 0, 3);
    expect(steps).toBeGreaterThanOrEqual(3);
  });
});
