// A parser for responses that keeps no bodies.

const HEAD_END = Buffer.from('\r\n\r\n');

/** The progress of a connection with its current response. */
export type AnswerState = 'partial' | 'complete' | 'wrong';

/** Reads the responses of one connection, one after the other, without keeping their bodies. */
export class AnswerReader {
  readonly #bodyBytes: number;
  #head: Buffer | undefined;
  #missing = 0;

  /** @param bodyBytes - the required length of each body */
  constructor(bodyBytes: number) {
    this.#bodyBytes = bodyBytes;
  }

  /** Missing bytes of the body; 0 also while the head is incomplete. */
  get missing(): number {
    return this.#missing;
  }

  read(chunk: Buffer): AnswerState {
    if (this.#missing > 0) return this.#body(chunk.length);
    const bytes = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk]);
    const headBytes = bytes.indexOf(HEAD_END);
    if (headBytes < 0) {
      this.#head = bytes;
      return 'partial';
    }
    this.#head = undefined;
    const head = bytes.toString('latin1', 0, headBytes);
    if (!head.startsWith('HTTP/1.1 200 ') || lengthIn(head) !== this.#bodyBytes) return 'wrong';
    this.#missing = this.#bodyBytes;
    return this.#body(bytes.length - headBytes - HEAD_END.length);
  }

  #body(bytes: number): AnswerState {
    this.#missing -= bytes;
    if (this.#missing < 0) return 'wrong';
    return this.#missing === 0 ? 'complete' : 'partial';
  }
}

const lengthIn = (head: string) => Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
