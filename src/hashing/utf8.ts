// Texts as the bytes of UTF-8, which the hashes of other load balancers read.

/**
 * A text as bytes, in a buffer that is used again: reading a text allocates nothing once that is large
 * enough.
 */
export class Utf8Text {
  bytes: Uint8Array = new Uint8Array(256);
  length = 0;

  /** Replaces the content. A lone surrogate becomes U+FFFD, as in `TextEncoder`. O(length). */
  read(text: string): this {
    this.length = 0;
    return this.append(text);
  }

  append(text: string): this {
    const units = text.length;
    if (this.bytes.length < this.length + 3 * units) this.#grow(this.length + 3 * units);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < units; i++) {
      const unit = text.charCodeAt(i);
      if (unit < 0x80) bytes[at++] = unit;
      else if (unit < 0x800) {
        bytes[at++] = 0xc0 | (unit >> 6);
        bytes[at++] = 0x80 | (unit & 63);
      } else {
        const low = unit >= 0xd800 && unit < 0xdc00 ? text.charCodeAt(i + 1) : 0;
        const isPair = low >= 0xdc00 && low < 0xe000;
        const code = isPair ? 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff) : unit;
        if (isPair) {
          i++;
          bytes[at++] = 0xf0 | (code >> 18);
          bytes[at++] = 0x80 | ((code >> 12) & 63);
        } else bytes[at++] = unit >= 0xd800 && unit < 0xe000 ? 0xef : 0xe0 | (unit >> 12);
        const rest = !isPair && unit >= 0xd800 && unit < 0xe000 ? 0xfffd : code;
        bytes[at++] = 0x80 | ((rest >> 6) & 63);
        bytes[at++] = 0x80 | (rest & 63);
      }
    }
    this.length = at;
    return this;
  }

  /** Adds a 32-bit number, the lowest byte first. */
  appendInteger(value: number): this {
    if (this.bytes.length < this.length + 4) this.#grow(this.length + 4);
    for (let shift = 0; shift < 32; shift += 8) this.bytes[this.length++] = value >>> shift;
    return this;
  }

  /** Makes room for `length` bytes and more. */
  #grow(length: number): void {
    const larger = new Uint8Array(2 * length);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
