// Reads heads of requests (RFC 9112 section 3).

import { CR, fits, LF, METHOD, patternOf, SP, TARGET } from './octets.ts';
import { type Fault, type FieldLimits, FRAMING, type Framing, HeadParser } from './parse-head.ts';

/** Limits on the head of a request. */
export interface RequestLimits extends FieldLimits {
  /** Bytes of the request target. */
  readonly targetBytes: number;
}

/** No method that is registered has more than 17 letters. */
const MAX_METHOD_BYTES = 32;
/** Empty lines before a request that are ignored (RFC 9112 section 2.2 asks for one at least). */
const MAX_EMPTY_LINES = 8;
const VERSION = patternOf('HTTP/d.d\r\n');

const EMPTY = 0;
const EMPTY_LINE_FEED = 1;
const METHOD_NAME = 2;
const IN_TARGET = 3;
const IN_VERSION = 4;

/** Reads requests. See `parse-head.ts`. */
export class RequestParser extends HeadParser {
  readonly #targetBytes: number;
  #step = EMPTY;
  #emptyLines = 0;

  constructor(limits: RequestLimits) {
    super(limits);
    this.#targetBytes = limits.targetBytes;
  }

  get method(): string {
    return this.first();
  }

  /** The request target, as it came. */
  get target(): string {
    return this.second();
  }

  /** How the end of the body is found; meaningless with a `framingFault`. */
  get framing(): Framing {
    if (this.isChunked) return FRAMING.CHUNKED;
    return this.contentLength > 0 ? FRAMING.LENGTH : FRAMING.NONE;
  }

  /** Whether the client wants to send more requests on the connection (RFC 9112 section 9.3). */
  get isPersistent(): boolean {
    return !this.hasClose && (this.minorVersion === 1 || this.hasKeepAlive);
  }

  /**
   * Why the length of the body cannot be relied on (RFC 9112 section 6.1). The head is valid otherwise, so
   * that it can be answered as any other request; but nothing after it may be read.
   */
  get bodyFault(): Fault | undefined {
    if (this.framingFault !== undefined) return this.framingFault;
    // HTTP/1.0 has no chunked coding.
    if (this.isChunked && (this.contentLength >= 0 || this.minorVersion === 0)) return 'framing';
    return undefined;
  }

  protected override begin(): void {
    this.#step = EMPTY;
    this.#emptyLines = 0;
  }

  protected override readStartLine(bytes: Buffer, from: number, to: number): number {
    let position = from;
    for (;;) {
      switch (this.#step) {
        case EMPTY:
          this.lineStart = position;
          if (position >= to) return this.wait(position);
          this.#step = bytes[position] === CR ? EMPTY_LINE_FEED : METHOD_NAME;
          if (this.#step === EMPTY_LINE_FEED) position++;
          break;
        case EMPTY_LINE_FEED:
          this.lineStart = position;
          if (position >= to) return this.wait(position);
          if (bytes[position] !== LF || ++this.#emptyLines > MAX_EMPTY_LINES) return this.refuse('syntax');
          this.#step = EMPTY;
          position++;
          break;
        case METHOD_NAME: {
          const end = Math.min(to, this.lineStart + MAX_METHOD_BYTES + 1);
          while (position < end && METHOD[bytes[position] as number] === 1) position++;
          if (position - this.lineStart > MAX_METHOD_BYTES) return this.refuse('syntax');
          if (position >= to) return this.wait(position);
          if (bytes[position] !== SP || position === this.lineStart) return this.refuse('syntax');
          this.firstEnd = position++;
          this.secondStart = position;
          this.#step = IN_TARGET;
          break;
        }
        case IN_TARGET: {
          const end = Math.min(to, this.secondStart + this.#targetBytes + 1);
          while (position < end && TARGET[bytes[position] as number] === 1) position++;
          if (position - this.secondStart > this.#targetBytes) {
            // For the log, as far as it may be kept.
            this.secondEnd = position - 1;
            return this.refuse('target-too-long');
          }
          if (position >= to) return this.wait(position);
          if (bytes[position] !== SP || position === this.secondStart) return this.refuse('syntax');
          this.secondEnd = position++;
          this.#step = IN_VERSION;
          break;
        }
        default:
          return this.#readVersion(bytes, position, to);
      }
    }
  }

  /** Looks at no more than ten bytes, each time again. */
  #readVersion(bytes: Buffer, from: number, to: number): number {
    for (let index = 0; index < VERSION.length; index++) {
      if (from + index >= to) return this.wait(from);
      if (!fits(bytes[from + index] as number, VERSION, index)) return this.refuse('syntax');
    }
    const minor = (bytes[from + 7] as number) - 48;
    if (bytes[from + 5] !== 49 || minor > 1) return this.refuse('version');
    this.minorVersion = minor;
    return from + VERSION.length;
  }
}
