/** What a client saw at the end of a request, or of its side of a tunnel. */
export type End =
  /** An answer that is whole as far as the protocol tells. */
  | { readonly status: number; readonly content: Content }
  /** A reset, or a connection that broke off: nobody can take it for an answer. */
  | { readonly error: string };

/** How the content of an answer compares with the one that the request must get. */
export type Content = 'right' | 'short' | 'wrong' | 'of another' | 'not compared';

/** All that is known of one request. */
export interface Entry {
  readonly id: string;
  readonly kind: 'GET' | 'POST' | 'TUNNEL';
  /** Bytes of its body, and of that of its answer. */
  readonly sentBytes: number;
  readonly answerBytes: number;
  readonly beganAt: number;
  endedAt: number | undefined;
  /** Whether its client left on purpose, before it had sent all. */
  left: boolean;
  /** Exactly one is right. */
  readonly ends: End[];
  /** How often a backend had all of it: head, and a body that ended as it should. */
  completions: number;
  /** How often that body was another than the one that was sent. */
  wrongBodies: number;
}

/** The books: one entry for each request. */
export class Ledger {
  readonly entries = new Map<string, Entry>();
  /** Requests at backends that nobody sent, or with the head of another. */
  strangers = 0;

  open(kind: Entry['kind'], sentBytes: number, answerBytes: number): Entry {
    const entry: Entry = {
      id: `r${this.entries.size.toString().padStart(8, '0')}`,
      kind,
      sentBytes,
      answerBytes,
      beganAt: performance.now(),
      endedAt: undefined,
      left: false,
      ends: [],
      completions: 0,
      wrongBodies: 0,
    };
    this.entries.set(entry.id, entry);
    return entry;
  }

  /** The client saw an end. */
  close(entry: Entry, end: End): void {
    entry.ends.push(end);
    entry.endedAt ??= performance.now();
  }

  /** A backend has a whole request. */
  complete(id: string, isRight: boolean): void {
    const entry = this.entries.get(id);
    if (entry === undefined) {
      this.strangers++;
      return;
    }
    entry.completions++;
    if (!isRight) entry.wrongBodies++;
  }
}
