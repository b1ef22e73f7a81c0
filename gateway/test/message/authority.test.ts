import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAuthority } from '../../src/message/authority.ts';

describe('an authority', () => {
  it.each([
    ['shop.example', 'shop.example'],
    ['SHOP.Example:8080', 'shop.example'],
    ['shop.example.', 'shop.example'],
    ['shop.example:', 'shop.example'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['[::1]:443', '[::1]'],
    ['[0:0:0:0:0:0:0:1]', '[::1]'],
    ['a_b.example', 'a_b.example'],
    ['a%20b', 'a%20b'],
    ['*', '*'],
    ['', ''],
    [':80', ''],
  ])('%j names the host %j', (text, host) => {
    expect(readAuthority(text)).toEqual({ host, text });
  });

  it.each([
    'a b',
    'a@b',
    'user:secret@shop.example',
    'a/b',
    'a,b',
    'a, b',
    'a:99999',
    'a:65536',
    'a:8a',
    'a:80:80',
    'a"b',
    'a<b',
    'a\\b',
    'a#b',
    'a?b',
    '[::1',
    '[::1]x',
    '[gg]',
    'a%2',
    'é.example',
    '\r\n',
  ])('is not %j', (text) => {
    expect(readAuthority(text)).toBeUndefined();
  });

  it('is read the same way each time, also when thousands of others came in between', () => {
    const before = readAuthority('Kept.Example:81');
    expect(readAuthority('a b')).toBeUndefined();
    for (let i = 0; i < 3_000; i++) readAuthority(`host-${i}.example`);
    expect(readAuthority('Kept.Example:81')).toEqual(before);
    expect(readAuthority('a b')).toBeUndefined();
  });

  it('that is longer than any name is read, but not remembered', () => {
    const long = `${'a'.repeat(300)}.example`;
    expect(readAuthority(long)?.host).toBe(long);
    expect(readAuthority(long)?.host).toBe(long);
  });

  it('of any text is one that can stand in a header, or none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webAuthority()), (text) => {
        const read = readAuthority(text);
        if (read === undefined) return;
        expect(read.text).toBe(text);
        expect(read.host).not.toMatch(/[\s/\\@,"<>?#]/);
      }),
    );
  });
});
