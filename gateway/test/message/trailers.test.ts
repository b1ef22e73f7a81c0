// Which trailers of a request are passed on.
import { describe, expect, it } from 'vitest';
import { passedTrailers } from '../../src/message/trailers.ts';

describe('trailers', () => {
  it('are passed on as they came', () => {
    expect(passedTrailers(['X-Sum', '1', 'Digest', 'a', 'x-sum', '2'])).toEqual([
      ...['X-Sum', '1', 'Digest', 'a', 'x-sum', '2'],
    ]);
  });

  it.each([
    ...[
      'Content-Length',
      'content-type',
      'Host',
      'Transfer-Encoding',
      'TE',
      'Trailer',
      'Via',
      'X-Forwarded-For',
    ],
    ...[
      'Authorization',
      'Cookie',
      'Set-Cookie',
      'If-Match',
      'Range',
      'Cache-Control',
      'Max-Forwards',
      'Expect',
    ],
  ])('are not passed on if a receiver could act on them: %s', (name) => {
    expect(passedTrailers([name, '1'])).toBeUndefined();
    expect(passedTrailers([name, '1', 'X-Sum', '1'])).toEqual(['X-Sum', '1']);
  });
});
