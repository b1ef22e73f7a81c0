// Reads heads of HTTP/1.1: a start line and fields (RFC 9112 sections 2 to 5), or the fields of trailers.
//
// How to use a parser. `read(bytes, from, to)` takes what has arrived, and returns
// - the position after the head: the head is whole, and the bytes from there on are its body or the next
//   head;
// - `MORE`: all bytes were taken, and the head is not whole; call it again with the bytes that arrive next;
// - `FAULT`: this is not HTTP, or exceeds a limit; `fault` says which, and the parser must not be used again.
//
// How bytes were cut into pieces makes no difference to the result. Each byte is looked at once, and copied
// at most a few times: N bytes cost O(N), one by one, too. A parser holds nothing while it is not inside of a
// head, so a parser that returned a position may be used for another connection; the next `read` begins a new
// head.
//
// Nothing of a head is a string or an object until it is asked for. Fields are positions in bytes, and a role
// each (`field-role.ts`). What can be asked (`value`, `rawHeaders` and the like) can be asked until the next
// `read`, and while the bytes that `read` got are unchanged. `forget` lets go of those bytes; without it an
// idle connection would keep a whole piece alive.

import type { FieldNames } from './field-names.ts';
import { ROLE, type Role, roleOf } from './field-role.ts';
import { type Bytes, COLON, COMMA, CR, isWord, LF, NAME, SP, TAB, VALUE } from './octets.ts';

/** The head is not whole yet. */
export const MORE = -1;
/** The head is not valid, or exceeds a limit. */
export const FAULT = -2;

/**
 * Why a message is refused:
 * - `syntax`: it is not HTTP/1
 * - `version`: it is of another version of HTTP
 * - `target-too-long`, `too-large`: the target, or the fields, exceed a limit
 * - `framing`: the length of the body is contradictory or unreadable (RFC 9112 section 6.3)
 * - `coding`: a transfer coding that is not known (RFC 9112 section 6.1)
 */
export type Fault = 'syntax' | 'version' | 'target-too-long' | 'too-large' | 'framing' | 'coding';

/** How the end of a body is found (RFC 9112 section 6.3). */
export const FRAMING = { NONE: 0, LENGTH: 1, CHUNKED: 2, UNTIL_CLOSE: 3 } as const;
/** One of {@link FRAMING}. */
export type Framing = (typeof FRAMING)[keyof typeof FRAMING];

/** Limits on the fields of a head. */
export interface FieldLimits {
  /** The largest number of fields. */
  readonly fields: number;
  /** Bytes of all fields together, with their line ends. */
  readonly fieldBytes: number;
}

/** As much of a piece as is looked at before more of it is copied. */
const STEP_BYTES = 2_048;
/** Fields that need no larger table. */
const USUAL_FIELDS = 32;

const LINE = 0;
const NAMING = 1;
const SPACE = 2;
const CONTENT = 3;
const LINE_FEED = 4;
const LAST_LINE_FEED = 5;

/** Reads heads, one after the other. */
export abstract class HeadParser {
  fault: Fault | undefined;
  /** What is wrong with the length of the body of a head that is otherwise valid. */
  framingFault: 'framing' | 'coding' | undefined;
  /** The number of fields. */
  count = 0;
  /** Bit n says whether there is a field of the role n. */
  seen = 0;
  /** Whether there is the only transfer coding that is known. */
  isChunked = false;
  /** -1 for none. */
  contentLength = -1;
  /** Whether `Connection` has `close`. */
  hasClose = false;
  /** Whether `Connection` has `keep-alive`. */
  hasKeepAlive = false;
  /** Whether `Connection` has `upgrade`. */
  hasUpgrade = false;
  /** Whether `Connection` lists names of fields. */
  hasListed = false;
  /** 1 for HTTP/1.1, 0 for HTTP/1.0. */
  minorVersion = 1;
  /** The start line: `first SP second SP third`, of which a subclass reads what it has. */
  protected lineStart = 0;
  protected firstEnd = 0;
  protected secondStart = 0;
  protected secondEnd = 0;
  /** Where reading goes on. */
  protected position = 0;
  /**
   * Whether a line that begins with a space continues the one before, as responses of old servers have it.
   */
  protected readonly unfolds: boolean = false;
  /** Whether the fields describe the body and the connection. */
  protected readonly isTrailer: boolean = false;
  readonly #limits: FieldLimits;
  /** Four positions for each field: name and value, from and to. */
  #places = new Int32Array(USUAL_FIELDS * 4);
  #roles = new Uint8Array(USUAL_FIELDS);
  /** The whole head as text, once a part of it was asked for; all parts are cut out of it. */
  #head: string | undefined;
  /** The bytes that the positions are about. */
  #bytes: Bytes | undefined;
  /** Bytes of a head that came in several pieces. */
  #kept: Bytes | undefined;
  #keptBytes = 0;
  #isWhole = true;
  #hasStartLine = false;
  #fieldsStart = 0;
  #state = LINE;
  #nameStart = 0;
  #nameEnd = 0;
  #valueStart = 0;

  constructor(limits: FieldLimits) {
    this.#limits = limits;
  }

  /** Whether nothing of a head has come yet. */
  get isEmpty(): boolean {
    return this.#isWhole || this.#keptBytes === 0;
  }

  /** Whether the start line was read, also of a head that is not whole or not valid. */
  get hasStartLine(): boolean {
    return this.#hasStartLine;
  }

  /**
   * Takes bytes. O(to - from), at whatever sizes they come.
   * @returns the position after the head, {@link MORE} or {@link FAULT}
   */
  read(bytes: Buffer, from: number, to: number): number {
    if (this.#isWhole) this.#begin();
    if (this.#keptBytes > 0) return this.#readOn(bytes, from, to);
    this.#bytes = bytes as Bytes;
    this.lineStart = from;
    const next = this.#scan(bytes, from, to);
    if (next === MORE) this.#keep(bytes, to);
    return next;
  }

  /** Lets go of the bytes of the last head; it cannot be asked about after that. */
  forget(): void {
    this.#bytes = this.#kept = this.#head = undefined;
  }

  hasField(role: Role): boolean {
    return ((this.seen >>> role) & 1) === 1;
  }

  roleAt(index: number): Role {
    return this.#roles[index] as Role;
  }

  nameAt(index: number): string {
    return this.#text(this.#places[index * 4] as number, this.#places[index * 4 + 1] as number);
  }

  valueAt(index: number): string {
    return this.#text(this.#places[index * 4 + 2] as number, this.#places[index * 4 + 3] as number);
  }

  /** Whether a value is a text, one character for each byte; makes no string of it. */
  hasValue(index: number, text: string): boolean {
    const bytes = this.#bytes as Bytes;
    const from = this.#places[index * 4 + 2] as number;
    if ((this.#places[index * 4 + 3] as number) - from !== text.length) return false;
    for (let at = 0; at < text.length; at++) if (bytes[from + at] !== text.charCodeAt(at)) return false;
    return true;
  }

  /** The values of all fields of a role, with `, ` between them; `undefined` if there is none. */
  value(role: Role): string | undefined {
    if (!this.hasField(role)) return undefined;
    let value: string | undefined;
    for (let index = 0; index < this.count; index++) {
      if (this.#roles[index] !== role) continue;
      value = value === undefined ? this.valueAt(index) : `${value}, ${this.valueAt(index)}`;
    }
    return value;
  }

  /**
   * Names and values by turns, one character for each byte.
   * @param isWanted - whether fields of a role are in it
   */
  rawHeaders(isWanted?: (role: Role) => boolean): string[] {
    const raw: string[] = [];
    for (let index = 0; index < this.count; index++) {
      if (isWanted !== undefined && !isWanted(this.#roles[index] as Role)) continue;
      raw.push(this.nameAt(index), this.valueAt(index));
    }
    return raw;
  }

  /** All fields as they came, each with its line end. */
  get fieldText(): string {
    return this.#text(this.#fieldsStart, this.position - 2);
  }

  /**
   * Fields as text: `name: value` and a line end each. Lines that are written so already, and are next to
   * each other, are cut out in one piece.
   * @param wanted - 1 for each role whose fields are in it
   * @param without - names that are not
   */
  lines(wanted: Uint8Array, without: FieldNames): string {
    const bytes = this.#bytes as Bytes;
    const places = this.#places;
    let text = '';
    let from = 0;
    let to = 0;
    for (let index = 0; index < this.count; index++) {
      const place = index * 4;
      const nameFrom = places[place] as number;
      const nameTo = places[place + 1] as number;
      if (wanted[this.#roles[index] as number] !== 1 || without.has(bytes, nameFrom, nameTo)) continue;
      const next = index + 1 < this.count ? (places[place + 4] as number) : this.position - 2;
      const valueFrom = places[place + 2] as number;
      const isPlain = valueFrom === nameTo + 2 && bytes[nameTo + 1] === SP && places[place + 3] === next - 2;
      if (isPlain && nameFrom === to) {
        to = next;
        continue;
      }
      if (to > from) text += this.#text(from, to);
      from = to = 0;
      if (isPlain) {
        from = nameFrom;
        to = next;
      } else text += `${this.nameAt(index)}: ${this.valueAt(index)}\r\n`;
    }
    return to > from ? text + this.#text(from, to) : text;
  }

  /**
   * Reads the start line, from `lineStart` or from `position` on.
   * @returns the position after it, {@link MORE} or {@link FAULT}
   */
  protected abstract readStartLine(bytes: Buffer, from: number, to: number): number;

  protected first(): string {
    return this.#text(this.lineStart, this.firstEnd);
  }

  protected second(): string {
    return this.#text(this.secondStart, this.secondEnd);
  }

  protected refuse(fault: Fault): number {
    this.fault = fault;
    return FAULT;
  }

  /** All bytes were taken. */
  protected wait(position: number): number {
    this.position = position;
    return MORE;
  }

  #begin(): void {
    this.#isWhole = this.#hasStartLine = false;
    this.#head = undefined;
    this.isChunked = this.hasClose = this.hasKeepAlive = this.hasUpgrade = this.hasListed = false;
    this.framingFault = undefined;
    this.contentLength = -1;
    this.count = this.seen = 0;
    this.minorVersion = 1;
    this.#state = LINE;
    this.#kept = undefined;
    this.#keptBytes = 0;
    this.begin();
  }

  /** Begins a start line. */
  protected begin(): void {}

  /** Copies an unfinished head: the bytes that were read are the caller's. */
  #keep(bytes: Buffer, to: number): void {
    const from = this.lineStart;
    this.#keptBytes = to - from;
    if (this.#keptBytes === 0) return;
    const kept = Buffer.allocUnsafe(Math.max(512, this.#keptBytes * 2)) as Bytes;
    bytes.copy(kept, 0, from, to);
    this.#kept = this.#bytes = kept;
    // The positions are those in the copy from now on.
    this.lineStart = 0;
    this.firstEnd -= from;
    this.secondStart -= from;
    this.secondEnd -= from;
    this.position -= from;
    this.#fieldsStart -= from;
    this.#nameStart -= from;
    this.#nameEnd -= from;
    this.#valueStart -= from;
    for (let place = this.count * 4 - 1; place >= 0; place--) {
      this.#places[place] = (this.#places[place] as number) - from;
    }
  }

  #readOn(bytes: Buffer, from: number, to: number): number {
    for (let taken = from; taken < to; ) {
      const before = this.#keptBytes;
      const size = Math.min(to - taken, STEP_BYTES);
      const kept = this.#roomFor(before + size);
      bytes.copy(kept, before, taken, taken + size);
      this.#keptBytes = before + size;
      const next = this.#scan(kept, this.position, this.#keptBytes);
      if (next === FAULT) return FAULT;
      if (next !== MORE) {
        this.#keptBytes = 0;
        return taken + next - before;
      }
      taken += size;
    }
    return MORE;
  }

  #roomFor(size: number): Bytes {
    const kept = this.#kept as Bytes;
    if (size <= kept.length) return kept;
    const larger = Buffer.allocUnsafe(Math.max(size, kept.length * 2)) as Bytes;
    kept.copy(larger, 0, 0, this.#keptBytes);
    this.#kept = this.#bytes = larger;
    return larger;
  }

  #scan(bytes: Buffer, from: number, to: number): number {
    let next = from;
    if (!this.#hasStartLine) {
      next = this.readStartLine(bytes, from, to);
      if (next < 0) return next;
      this.#hasStartLine = true;
      this.#fieldsStart = next;
    }
    return this.#readFields(bytes, next, to);
  }

  #readFields(bytes: Buffer, from: number, to: number): number {
    const limit = this.#fieldsStart + this.#limits.fieldBytes;
    const end = Math.min(to, limit);
    let position = from;
    let state = this.#state;
    for (;;) {
      if (state === LINE) {
        if (position >= end) break;
        const octet = bytes[position] as number;
        if (octet === CR) {
          position++;
          state = LAST_LINE_FEED;
        } else if ((octet === SP || octet === TAB) && this.#unfold(bytes, position)) state = CONTENT;
        else {
          if (this.count >= this.#limits.fields) return this.refuse('too-large');
          this.#nameStart = position;
          state = NAMING;
        }
      }
      if (state === NAMING) {
        while (position < end && NAME[bytes[position] as number] !== 0) position++;
        if (position >= end) break;
        if (bytes[position] !== COLON || position === this.#nameStart) return this.refuse('syntax');
        this.#nameEnd = position++;
        state = SPACE;
      }
      if (state === SPACE) {
        while (position < end && (bytes[position] === SP || bytes[position] === TAB)) position++;
        if (position >= end) break;
        this.#valueStart = position;
        state = CONTENT;
      }
      if (state === CONTENT) {
        while (position < end && VALUE[bytes[position] as number] === 1) position++;
        if (position >= end) break;
        if (bytes[position] !== CR) return this.refuse('syntax');
        position++;
        state = LINE_FEED;
      }
      if (position >= end) break;
      if (bytes[position] !== LF) return this.refuse('syntax');
      position++;
      if (state === LAST_LINE_FEED) {
        this.#isWhole = true;
        this.position = position;
        return position;
      }
      this.#take(bytes, position - 2);
      state = LINE;
    }
    if (position >= limit) return this.refuse('too-large');
    this.#state = state;
    return this.wait(position);
  }

  /**
   * Makes a line part of the one before, with spaces for the line end (RFC 9112 section 5.2).
   * @returns whether that is allowed; never for a field that was acted on
   */
  #unfold(bytes: Buffer, position: number): boolean {
    if (!this.unfolds || this.count === 0) return false;
    const role = this.#roles[this.count - 1] as number;
    if (role >= ROLE.CONNECTION && role <= ROLE.CONTENT_LENGTH) return false;
    bytes[position - 2] = bytes[position - 1] = SP;
    this.count--;
    this.#nameStart = this.#places[this.count * 4] as number;
    this.#nameEnd = this.#places[this.count * 4 + 1] as number;
    this.#valueStart = this.#places[this.count * 4 + 2] as number;
    return true;
  }

  /** Takes a field whose line is whole. */
  #take(bytes: Buffer, lineEnd: number): void {
    const index = this.count++;
    if (index >= this.#roles.length) this.#grow();
    let from = this.#valueStart;
    let to = lineEnd;
    // A folded value may begin with spaces.
    while (from < to && (bytes[from] === SP || bytes[from] === TAB)) from++;
    while (to > from && (bytes[to - 1] === SP || bytes[to - 1] === TAB)) to--;
    const role = roleOf(bytes, this.#nameStart, this.#nameEnd);
    const places = this.#places;
    const place = index * 4;
    places[place] = this.#nameStart;
    places[place + 1] = this.#nameEnd;
    places[place + 2] = from;
    places[place + 3] = to;
    this.#roles[index] = role;
    if (role === ROLE.ORDINARY) return;
    if (!this.isTrailer) this.#apply(role, bytes, from, to);
    this.seen |= 1 << role;
  }

  #apply(role: Role, bytes: Buffer, from: number, to: number): void {
    if (role === ROLE.CONTENT_LENGTH) {
      // Two are refused even if they are equal: the next reader may take the other one.
      const length = this.hasField(role) ? -1 : numberOf(bytes, from, to);
      if (length < 0) this.framingFault ??= 'framing';
      else this.contentLength = length;
    } else if (role === ROLE.TRANSFER_ENCODING) {
      if (this.hasField(role)) this.framingFault ??= 'framing';
      this.isChunked = isWord(bytes, from, to, 'chunked');
      if (!this.isChunked) this.framingFault ??= 'coding';
    } else if (role === ROLE.CONNECTION) this.#applyConnection(bytes, from, to);
  }

  /** RFC 9110 section 7.6.1. */
  #applyConnection(bytes: Buffer, from: number, to: number): void {
    for (let start = from; start < to; ) {
      let end = start;
      while (end < to && bytes[end] !== COMMA) end++;
      let last = end;
      while (start < last && (bytes[start] === SP || bytes[start] === TAB)) start++;
      while (last > start && (bytes[last - 1] === SP || bytes[last - 1] === TAB)) last--;
      if (isWord(bytes, start, last, 'close')) this.hasClose = true;
      else if (isWord(bytes, start, last, 'keep-alive')) this.hasKeepAlive = true;
      else if (last > start) {
        if (isWord(bytes, start, last, 'upgrade')) this.hasUpgrade = true;
        this.hasListed = true;
      }
      start = end + 1;
    }
  }

  #grow(): void {
    const size = Math.min(this.#roles.length * 2, Math.max(this.#limits.fields, this.count));
    const places = new Int32Array(size * 4);
    places.set(this.#places);
    const roles = new Uint8Array(size);
    roles.set(this.#roles);
    this.#places = places;
    this.#roles = roles;
  }

  #text(from: number, to: number): string {
    const bytes = this.#bytes as Bytes;
    if (!this.#isWhole) return bytes.latin1Slice(from, to);
    // To decode the whole head once costs less than to decode each part.
    const start = this.lineStart;
    this.#head ??= bytes.latin1Slice(start, this.position);
    return this.#head.slice(from - start, to - start);
  }
}

/** A number of at most 15 digits, which is exact; -1 for anything else. */
function numberOf(bytes: Buffer, from: number, to: number): number {
  if (to === from || to - from > 15) return -1;
  let value = 0;
  for (let index = from; index < to; index++) {
    const digit = (bytes[index] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
