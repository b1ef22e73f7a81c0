// Bodies: where their content is, and where they end.
import { describe, expect, it } from 'vitest';
import { BodyParser } from '../../src/http1/parse-body.ts';
import { FAULT, FRAMING, type Framing } from '../../src/http1/parse-head.ts';

const LIMITS = { fields: 3, fieldBytes: 64 };

/** The content of a body that comes in pieces, what follows it, and what is wrong with it. */
function read(framing: Framing, length: number, pieces: readonly string[]) {
  const parser = new BodyParser(LIMITS);
  parser.begin(framing, length);
  let content = '';
  let rest = '';
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1');
    let position = 0;
    while (position < bytes.length && !parser.isDone) {
      position = parser.read(bytes, position, bytes.length);
      if (position === FAULT) return { content, fault: parser.fault };
      content += bytes.toString('latin1', parser.contentFrom, parser.contentTo);
    }
    rest += bytes.toString('latin1', position);
  }
  return { content, rest, isDone: parser.isDone, trailers: parser.trailers?.rawHeaders() };
}

const chunked = (...pieces: string[]) => read(FRAMING.CHUNKED, -1, pieces);

describe('a body', () => {
  it('without content is done at once', () => {
    expect(read(FRAMING.NONE, -1, ['GET'])).toMatchObject({ content: '', rest: 'GET', isDone: true });
    expect(read(FRAMING.LENGTH, 0, ['GET'])).toMatchObject({ content: '', rest: 'GET', isDone: true });
  });

  it('of a length ends with it', () => {
    expect(read(FRAMING.LENGTH, 5, ['he', 'lloGET'])).toMatchObject({
      content: 'hello',
      rest: 'GET',
      isDone: true,
    });
    expect(read(FRAMING.LENGTH, 5, ['hell'])).toMatchObject({ content: 'hell', isDone: false });
  });

  it('until the connection ends has no end of its own', () => {
    expect(read(FRAMING.UNTIL_CLOSE, -1, ['he', 'llo'])).toMatchObject({ content: 'hello', isDone: false });
  });
});

describe('a chunked body', () => {
  const WHOLE = '5\r\nhello\r\n00A;a="b;c"\r\n, world...\r\n0;x\r\nX-A: 1\r\nDate: 2\r\n\r\nNEXT';
  const EXPECTED = {
    content: 'hello, world...',
    rest: 'NEXT',
    isDone: true,
    trailers: ['X-A', '1', 'Date', '2'],
  };

  it('ends with its trailers, however it is cut', () => {
    expect(chunked(WHOLE)).toEqual(EXPECTED);
    expect(chunked(...WHOLE)).toEqual(EXPECTED);
    for (let cut = 1; cut < WHOLE.length; cut++)
      expect(chunked(WHOLE.slice(0, cut), WHOLE.slice(cut))).toEqual(EXPECTED);
  });

  it('has no trailers where there are none', () => {
    const parser = new BodyParser(LIMITS);
    for (const [text, count] of [
      ['0\r\nA: 1\r\n\r\n', 1],
      ['0\r\n\r\n', undefined],
    ] as const) {
      parser.begin(FRAMING.CHUNKED, -1);
      parser.read(Buffer.from(text), 0, text.length);
      expect([parser.isDone, parser.trailers?.count]).toEqual([true, count]);
    }
  });

  it('may have sizes up to the largest exact number', () => {
    expect(chunked('1FFFFFFFFFFFFF\r\n')).toMatchObject({ isDone: false });
    expect(chunked('20000000000000\r\n')).toMatchObject({ fault: 'syntax' });
    expect(chunked('0000000000000005\r\n')).toMatchObject({ isDone: false });
    expect(chunked('00000000000000005\r\n')).toMatchObject({ fault: 'syntax' });
  });

  it.each([
    '0x5\r\n',
    '+5\r\n',
    '-5\r\n',
    ' 5\r\n',
    '5 \r\n',
    '\r\n',
    '5\n',
    '5_0\r\n',
    'g\r\n',
    '5\rX',
    '5;a\n',
    '5;a\rb',
    '5;\0\r\n',
    '5\r\nhello0\r\n',
    '5\r\nhello\n',
    '5\r\nhello\rX',
    '0\r\nXX\r\n',
    '0\r\n A: 1\r\n\r\n',
    '0\r\n\rX',
  ])('is refused with %j', (text) => {
    expect(chunked(text)).toMatchObject({ fault: 'syntax' });
    expect(chunked(...text)).toMatchObject({ fault: 'syntax' });
  });

  it('has limits on trailers and extensions', () => {
    expect(chunked(`0\r\n${'A: 1\r\n'.repeat(4)}`)).toMatchObject({ fault: 'too-large' });
    expect(chunked(`0\r\nA: ${'b'.repeat(64)}`)).toMatchObject({ fault: 'too-large' });
    const extension = `1;${'a'.repeat(1_000)}\r\nx\r\n`;
    expect(chunked(extension.repeat(16))).toMatchObject({ content: 'x'.repeat(16) });
    expect(chunked(extension.repeat(17))).toMatchObject({ content: 'x'.repeat(16), fault: 'syntax' });
  });

  it('takes nothing from its trailers for its framing', () => {
    expect(chunked('0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\n\r\nNEXT')).toMatchObject({
      rest: 'NEXT',
      isDone: true,
    });
  });
});
