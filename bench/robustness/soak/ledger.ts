// The ledger of the soak test: a record of each request.

/** How a request, or the client's side of a tunnel, ended from the view of the client. */
export type End =
  /** A response that is complete by the protocol. */
  | { readonly status: number; readonly content: Content }
  /** A reset, or a connection that broke off: visibly not a complete response. */
  | { readonly error: string };

/** The content of a response, compared with the expected one. */
export type Content = 'right' | 'short' | 'wrong' | 'of another' | 'not compared';

/** The record of one request. */
export interface Entry {
  readonly id: string;
  readonly kind: 'GET' | 'POST' | 'TUNNEL';
  /** Bytes of the request body, and of the response body. */
  readonly sentBytes: number;
  readonly answerBytes: number;
  readonly beganAt: number;
  endedAt: number | undefined;
  /** Whether its client left on purpose before it had sent the whole body. */
  left: boolean;
  /** The ends that the client saw. There must be exactly one. */
  readonly ends: End[];
  /** How often a backend received the complete request. */
  completions: number;
  /** How often a received body differed from the sent one. */
  wrongBodies: number;
}

/** Figures by their names. */
export type Tally = Record<string, number>;

/** The ledger: a record for each request. */
export class Ledger {
  readonly entries = new Map<string, Entry>();
  /** Requests that reached a backend although no client sent them, or with the head of another request. */
  strangers = 0;
  /** Clients that left at a random place. */
  leavers = 0;
  /** Figures of requests that are forgotten. */
  readonly past: Tally = {};
  #opened = 0;

  open(kind: Entry['kind'], sentBytes: number, answerBytes: number): Entry {
    const entry: Entry = {
      id: `r${(this.#opened++).toString().padStart(8, '0')}`,
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

  /** Records an end that the client saw. */
  close(entry: Entry, end: End): void {
    entry.ends.push(end);
    entry.endedAt ??= performance.now();
  }

  /** Records that the client has left at some place. */
  leave(entry: Entry): void {
    this.leavers++;
    this.close(entry, { error: 'left' });
  }

  /** Records that a backend received a complete request. */
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
