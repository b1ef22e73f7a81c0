// Finds the end of a body (RFC 9112 sections 6 and 7): by its length, by chunks, or by the end of the
// connection.
//
// How to use it: `begin` with what the head says; then `read(bytes, from, to)` until `isDone`. Each call
// takes bytes up to the end of one piece of content, and returns the position that it came to, or `FAULT`.
// The content that it came by lies in the same bytes between `contentFrom` and `contentTo`; both are equal if
// there is none. Bytes from the returned position on belong to the next message once `isDone` is true. How
// bytes were cut into pieces makes no difference to the content; each byte is looked at once.

import { CR, HEX, LF, SEMICOLON, VALUE } from './octets.ts';
import {
  FAULT,
  type Fault,
  type FieldLimits,
  FRAMING,
  type Framing,
  HeadParser,
  MORE,
} from './parse-head.ts';

/** Bytes of all chunk extensions of a body together. None is in use. */
const MAX_EXTENSION_BYTES = 16_384;
/** The largest size that is exact has 14 hexadecimal digits; zeros before it are allowed up to 16 in all. */
const MAX_SIZE_DIGITS = 16;

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LINE_FEED = 2;
const CONTENT = 3;
const CONTENT_RETURN = 4;
const CONTENT_LINE_FEED = 5;
const TRAILERS = 6;

/** The fields after the last chunk (RFC 9112 section 7.1.2). */
class TrailerParser extends HeadParser {
  protected override readonly isTrailer = true;

  protected override readStartLine(_bytes: Buffer, from: number): number {
    return from;
  }
}

/** Reads bodies, one after the other. */
export class BodyParser {
  fault: Fault | undefined;
  isDone = true;
  contentFrom = 0;
  contentTo = 0;
  readonly #limits: FieldLimits;
  #framing: Framing = FRAMING.NONE;
  /** Bytes of the body, or of the chunk, that have not come. */
  #left = 0;
  #state = SIZE;
  #digits = 0;
  #extensionBytes = 0;
  #trailers: TrailerParser | undefined;
  #hasTrailers = false;

  /** @param limits - on trailers */
  constructor(limits: FieldLimits) {
    this.#limits = limits;
  }

  /**
   * Begins a body.
   * @param length - in bytes, for {@link FRAMING.LENGTH}
   */
  begin(framing: Framing, length: number): void {
    this.#framing = framing;
    this.#left = framing === FRAMING.LENGTH ? length : 0;
    this.isDone = framing === FRAMING.NONE || (framing === FRAMING.LENGTH && length === 0);
    this.contentFrom = this.contentTo = 0;
    this.#state = SIZE;
    this.#digits = this.#extensionBytes = 0;
    this.#hasTrailers = false;
  }

  /** Whether the body ends with the connection (RFC 9112 section 6.3, item 8). */
  get endsAtClose(): boolean {
    return this.#framing === FRAMING.UNTIL_CLOSE;
  }

  /** The trailers of a body that is done; `undefined` for none. */
  get trailers(): HeadParser | undefined {
    return this.#hasTrailers ? this.#trailers : undefined;
  }

  /** Takes bytes. @returns the position after what was taken, or {@link FAULT} */
  read(bytes: Buffer, from: number, to: number): number {
    if (this.#framing === FRAMING.CHUNKED) return this.#readChunks(bytes, from, to);
    const isLength = this.#framing === FRAMING.LENGTH;
    const size = isLength ? Math.min(this.#left, to - from) : to - from;
    this.contentFrom = from;
    this.contentTo = from + size;
    if (isLength && (this.#left -= size) === 0) this.isDone = true;
    return from + size;
  }

  #readChunks(bytes: Buffer, from: number, to: number): number {
    this.contentFrom = this.contentTo = from;
    let position = from;
    while (position < to) {
      const octet = bytes[position] as number;
      switch (this.#state) {
        case SIZE:
          if (!this.#takeSize(octet)) return this.#refuse('syntax');
          position++;
          break;
        case EXTENSION: {
          const limit = position + MAX_EXTENSION_BYTES - this.#extensionBytes;
          const end = Math.min(to, limit);
          const start = position;
          while (position < end && VALUE[bytes[position] as number] === 1) position++;
          this.#extensionBytes += position - start;
          if (position >= limit) return this.#refuse('syntax');
          if (position >= to) break;
          if (bytes[position++] !== CR) return this.#refuse('syntax');
          this.#state = SIZE_LINE_FEED;
          break;
        }
        case SIZE_LINE_FEED:
          if (octet !== LF) return this.#refuse('syntax');
          position++;
          this.#state = this.#left === 0 ? TRAILERS : CONTENT;
          break;
        case CONTENT: {
          const size = Math.min(this.#left, to - position);
          this.contentFrom = position;
          this.contentTo = position + size;
          this.#left -= size;
          if (this.#left === 0) this.#state = CONTENT_RETURN;
          return position + size;
        }
        case CONTENT_RETURN:
          if (octet !== CR) return this.#refuse('syntax');
          position++;
          this.#state = CONTENT_LINE_FEED;
          break;
        case CONTENT_LINE_FEED:
          if (octet !== LF) return this.#refuse('syntax');
          position++;
          this.#state = SIZE;
          this.#digits = 0;
          break;
        default:
          return this.#readTrailers(bytes, position, to);
      }
    }
    return position;
  }

  /** @returns whether it may stand in the line of a chunk's size */
  #takeSize(octet: number): boolean {
    const digit = HEX[octet] as number;
    if (digit !== 255) {
      this.#left = this.#left * 16 + digit;
      return ++this.#digits <= MAX_SIZE_DIGITS && this.#left <= Number.MAX_SAFE_INTEGER;
    }
    if (this.#digits === 0) return false;
    if (octet === CR) this.#state = SIZE_LINE_FEED;
    else if (octet === SEMICOLON) this.#state = EXTENSION;
    else return false;
    return true;
  }

  #readTrailers(bytes: Buffer, from: number, to: number): number {
    const trailers = (this.#trailers ??= new TrailerParser(this.#limits));
    const next = trailers.read(bytes, from, to);
    if (next === FAULT) return this.#refuse(trailers.fault as Fault);
    if (next === MORE) return to;
    this.isDone = true;
    this.#hasTrailers = trailers.count > 0;
    return next;
  }

  #refuse(fault: Fault): number {
    this.fault = fault;
    return FAULT;
  }
}
