import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fieldsIn } from '../../src/http1/field-text.ts';
import { RequestParser } from '../../src/http1/parse-request.ts';

it('fields are taken out of their text as the parser takes them out of bytes', () => {
  const name = fc.constantFrom('Host', 'x-a', "!#$%&'*+-.^_`|~9", 'X');
  const octet = fc.constantFrom('a', ':', ' ', '\t', ',', '"', '\xa0', '\xff', '\x85');
  const value = fc.string({ unit: octet, maxLength: 6 });
  let whole = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), fc.nat(9), (fields, cut) => {
      const text = fields.map(([one, other]) => `${one}:${other}\r\n`).join('');
      const bytes = Buffer.from(`GET / HTTP/1.1\r\n${text}\r\n`, 'latin1');
      const parser = new RequestParser({ fields: 50, fieldBytes: 9_999, targetBytes: 9 });
      // In two pieces, too: the text is then that of a copy.
      const first = Math.floor((bytes.length * cut) / 9);
      if (cut > 0 && cut < 9) parser.read(bytes, 0, first);
      const position = parser.read(bytes, cut > 0 && cut < 9 ? first : 0, bytes.length);
      if (position === bytes.length) whole++;
      expect(fieldsIn(parser.fieldText)).toEqual(parser.rawHeaders());
      expect(parser.fieldText).toBe(text);
    }),
  );
  expect(whole).toBe(100);
});
