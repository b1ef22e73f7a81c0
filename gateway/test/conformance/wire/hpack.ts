import { decodeHuffman } from './huffman.ts';

export type Field = readonly [name: string, value: string];

/** RFC 7541 appendix A. */
const STATIC_TABLE: readonly Field[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  ...['200', '204', '206', '304', '400', '404', '500'].map((status): Field => [':status', status]),
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...[
    'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control',
    'content-disposition content-encoding content-language content-length content-location content-range',
    'content-type cookie date etag expect expires from host if-match if-modified-since if-none-match if-range',
    'if-unmodified-since last-modified link location max-forwards proxy-authenticate proxy-authorization',
    'range referer refresh retry-after server set-cookie strict-transport-security transfer-encoding',
    'user-agent vary via www-authenticate',
  ].flatMap((line) => line.split(' ').map((name): Field => [name, ''])),
];

/** An integer with a prefix of so many bits, in bytes; `first` holds the bits before it. */
export function encodeInteger(value: number, prefix: number, first = 0): Buffer {
  const limit = 2 ** prefix - 1;
  if (value < limit) return Buffer.from([first | value]);
  const bytes = [first | limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

const encodeString = (text: string) =>
  Buffer.concat([encodeInteger(Buffer.byteLength(text, 'latin1'), 7), Buffer.from(text, 'latin1')]);

/** Fields as literals that are not indexed, and not compressed: any bytes can be said so. */
export function encodeFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), encodeString(name), encodeString(value)]),
  );
}

/** A field that is put in the dynamic table. */
export const encodeIndexed = ([name, value]: Field): Buffer =>
  Buffer.concat([Buffer.from([0x40]), encodeString(name), encodeString(value)]);

/** Reads the header blocks of one connection. */
export class HpackDecoder {
  readonly #dynamic: Field[] = [];
  #maxSize = 4_096;
  #bytes = Buffer.alloc(0);
  #at = 0;

  decode(block: Buffer): Field[] {
    this.#bytes = Buffer.from(block);
    this.#at = 0;
    const fields: Field[] = [];
    while (this.#at < this.#bytes.length) {
      const field = this.#field();
      if (field !== undefined) fields.push(field);
    }
    return fields;
  }

  #field(): Field | undefined {
    const first = this.#bytes[this.#at] as number;
    if (first & 0x80) return this.#entry(this.#integer(7));
    if ((first & 0xe0) === 0x20) {
      this.#maxSize = this.#integer(5);
      this.#evict();
      return undefined;
    }
    const indexed = (first & 0x40) !== 0;
    const index = this.#integer(indexed ? 6 : 4);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    const field: Field = [name, this.#string()];
    if (indexed) {
      this.#dynamic.unshift(field);
      this.#evict();
    }
    return field;
  }

  #entry(index: number): Field {
    const entry = STATIC_TABLE[index - 1] ?? this.#dynamic[index - 1 - STATIC_TABLE.length];
    if (entry === undefined) throw new Error(`HPACK: there is no entry ${index}`);
    return entry;
  }

  #evict(): void {
    const size = () => this.#dynamic.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (size() > this.#maxSize) this.#dynamic.pop();
  }

  #integer(prefix: number): number {
    const limit = 2 ** prefix - 1;
    let value = (this.#bytes[this.#at++] as number) & limit;
    if (value < limit) return value;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  #string(): string {
    const coded = ((this.#bytes[this.#at] as number) & 0x80) !== 0;
    const length = this.#integer(7);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return (coded ? decodeHuffman(bytes) : bytes).toString('latin1');
  }
}
