// Reads heads of responses (RFC 9112 section 4).

import { CR, fits, LF, patternOf, SP, VALUE } from './octets.ts';
import { type Fault, FRAMING, type Framing, HeadParser } from './parse-head.ts';

const VERSION = patternOf('HTTP/1.d ddd');
/** Longer ones are refused. */
const MAX_PHRASE_BYTES = 8_192;

const IN_STATUS = 0;
const PHRASE = 1;
const LINE_FEED = 2;

/** Reads responses. See `parse-head.ts`. */
export class ResponseParser extends HeadParser {
  status = 0;
  protected override readonly unfolds = true;
  #step = IN_STATUS;

  /** The reason phrase, one character for each byte. */
  get statusText(): string {
    return this.second();
  }

  /** Whether more requests may be sent on the connection (RFC 9112 section 9.3). */
  get isPersistent(): boolean {
    // HTTP/1.0 has no chunked coding: what counts it has been misunderstood by someone (RFC 9112 section
    // 6.1).
    return !this.hasClose && (this.minorVersion === 1 || (this.hasKeepAlive && !this.isChunked));
  }

  /** Why the length of the body cannot be relied on (RFC 9112 section 6.3). */
  get bodyFault(): Fault | undefined {
    return this.framingFault ?? (this.isChunked && this.contentLength >= 0 ? 'framing' : undefined);
  }

  /** How the end of the body is found (RFC 9112 section 6.3). @param method - of the request */
  framingFor(method: string): Framing {
    const { status } = this;
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return FRAMING.NONE;
    if (this.isChunked) return FRAMING.CHUNKED;
    if (this.contentLength > 0) return FRAMING.LENGTH;
    return this.contentLength === 0 ? FRAMING.NONE : FRAMING.UNTIL_CLOSE;
  }

  protected override begin(): void {
    this.#step = IN_STATUS;
  }

  protected override readStartLine(bytes: Buffer, from: number, to: number): number {
    let position = from;
    if (this.#step === IN_STATUS) {
      position = this.#readStatus(bytes, from, to);
      if (position < 0) return position;
      this.firstEnd = position;
      this.secondStart = -1;
      this.#step = PHRASE;
    }
    if (this.#step === PHRASE) {
      // A space stands before the phrase, even if that is empty; not all servers send it.
      if (this.secondStart < 0) {
        if (position >= to) return this.wait(position);
        if (bytes[position] === SP) position++;
        else if (bytes[position] !== CR) return this.refuse('syntax');
        this.secondStart = position;
      }
      const end = Math.min(to, this.secondStart + MAX_PHRASE_BYTES + 1);
      while (position < end && VALUE[bytes[position] as number] === 1) position++;
      if (position - this.secondStart > MAX_PHRASE_BYTES) return this.refuse('too-large');
      if (position >= to) return this.wait(position);
      if (bytes[position] !== CR) return this.refuse('syntax');
      this.secondEnd = position++;
      this.#step = LINE_FEED;
    }
    if (position >= to) return this.wait(position);
    return bytes[position] === LF ? position + 1 : this.refuse('syntax');
  }

  /** Looks at no more than twelve bytes, each time again. */
  #readStatus(bytes: Buffer, from: number, to: number): number {
    for (let index = 0; index < VERSION.length; index++) {
      if (from + index >= to) return this.wait(from);
      if (!fits(bytes[from + index] as number, VERSION, index)) return this.refuse('syntax');
    }
    const minor = (bytes[from + 7] as number) - 48;
    if (minor > 1) return this.refuse('version');
    this.minorVersion = minor;
    const [hundreds, tens, units] = [bytes[from + 9], bytes[from + 10], bytes[from + 11]] as [
      number,
      number,
      number,
    ];
    this.status = (hundreds - 48) * 100 + (tens - 48) * 10 + units - 48;
    return this.status < 100 ? this.refuse('syntax') : from + VERSION.length;
  }
}
