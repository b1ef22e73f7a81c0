import { describe, expect, it } from 'vitest';
import { isShareable, madePrivate } from '../../src/forwarding/shared-caches.ts';

const control = (value: string) => ['Cache-Control', value];

describe('a response', () => {
  it.each<[string[], boolean, string | undefined]>([
    [control('public, max-age=3600'), true, undefined],
    [control('max-age=60'), true, undefined],
    [control('max-age=0, s-maxage=60'), true, undefined],
    [control('PUBLIC'), true, undefined],
    [['Expires', 'Wed, 21 Oct 2065 07:28:00 GMT'], true, undefined],
    [control('public, max-age=0'), false, 'private, max-age=0'],
    [control('max-age=60, s-maxage=0'), false, 'private, max-age=60'],
    [[...control('public'), ...control('max-age=0')], false, 'private, max-age=0'],
    [control('no-cache'), false, 'private, no-cache'],
    [['Expires', '0'], false, 'private'],
    [[], false, 'private'],
    [control('private, max-age=60'), false, undefined],
    [control('public, no-store'), false, undefined],
  ])('with %j may be shared: %s; else it is made %s', (headers, shareable, expected) => {
    expect(isShareable(headers)).toBe(shareable);
    const all = ['A', 'b', ...headers];
    if (shareable) return;
    if (expected === undefined) expect(madePrivate([...all])).toEqual(all);
    else
      expect(madePrivate(all)).toEqual([
        'A',
        'b',
        ...(headers[0] === 'Expires' ? headers : []),
        ...control(expected),
      ]);
  });
});
