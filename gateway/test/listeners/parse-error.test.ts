import { describe, expect, it } from 'vitest';
import { type ParseError, REFUSAL_OF_FAULT, refusalOf } from '../../src/listeners/parse-error.ts';

const codeFor = (code: string, text = '', bytesParsed = 0) => {
  const error: ParseError = Object.assign(new Error(code), {
    code,
    rawPacket: Buffer.from(text),
    bytesParsed,
  });
  const refusal = refusalOf(error);
  return `${refusal.status} ${refusal.code}`;
};

describe('bytes that are no request', () => {
  it.each([
    ['HPE_HEADER_OVERFLOW', '431 ERR_GW_HEADERS_TOO_LARGE'],
    ['ERR_HTTP_REQUEST_TIMEOUT', '408 ERR_GW_REQUEST_TIMEOUT'],
    ['HPE_INVALID_HEADER_TOKEN', '400 ERR_GW_BAD_REQUEST'],
    ['ELSE', '400 ERR_GW_BAD_REQUEST'],
  ])('for %s are answered with %s', (code, expected) => {
    expect(codeFor(code)).toBe(expected);
  });

  it('are a request where only the method is not known', () => {
    const of = (text: string, parsed?: number) => codeFor('HPE_INVALID_METHOD', text, parsed);
    expect(of('BREW /pot HTTP/1.1\r\n')).toBe('501 ERR_GW_UNKNOWN_METHOD');
    expect(of('BREW /pot HTTP/1.1\r\n', 2)).toBe('501 ERR_GW_UNKNOWN_METHOD');
    expect(of('\x16\x03\x01')).toBe('400 ERR_GW_BAD_REQUEST');
    expect(of('BREW /pot\r\n')).toBe('400 ERR_GW_BAD_REQUEST');
    expect(refusalOf(Object.assign(new Error(), { code: 'HPE_INVALID_METHOD' })).status).toBe(400);
  });

  it('have an answer for each fault of the parser', () => {
    const answers = Object.entries(REFUSAL_OF_FAULT).map(([fault, { status }]) => `${fault} ${status}`);
    expect(answers.join(', ')).toBe(
      'syntax 400, version 505, target-too-long 414, too-large 431, framing 400, coding 501',
    );
  });
});
