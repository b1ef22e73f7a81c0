// Reads an access log: finds its format, counts what it cannot read, and gives its requests in order.
import { harLines } from './json-formats.ts';
import { type LogPieces, linesOf, TOO_LONG } from './line-reader.ts';
import { type LogFormat, namedFormat, SNIFFED_LINES, sniffedFormat } from './log-format.ts';
import { type LineFormat, LogLine } from './log-line.ts';
import { type LogRow, SortWindow } from './sort-window.ts';

/** What requests are kept together by: the path with its query, the address of the client, or a header. */
export type ReplayKey = 'path' | 'ip' | { readonly header: string };

/** What a log has. */
export interface LogFacts {
  /** The name of the format. */
  readonly format: string;
  readonly lines: number;
  /** Lines that are no requests in the format, or longer than 64 KB; they are left out. */
  readonly broken: number;
  /** Requests that came more than 60 s, or a million lines, after a later one; they are left out. */
  readonly late: number;
  /** Requests that came after a later one. */
  readonly outOfOrder: number;
  readonly requests: number;
  /** Times of the first and the last request, in milliseconds since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Different paths, with their queries as far as the log has them. */
  readonly paths: number;
  /** Different clients; with a header as the key, different values of it. */
  readonly clients: number;
  /** Paths that were asked for once. */
  readonly seenOnce: number;
  /** Share of the requests that asked for the most wanted path, and for the ten most wanted ones. */
  readonly topShare: number;
  readonly topTenShare: number;
  /** Mean duration, in milliseconds; `undefined` if the log has none. */
  readonly meanDurationMs: number | undefined;
  readonly meanBytes: number;
}

/** Numbers for texts, in the order in which they are first seen. */
class Names {
  readonly texts: string[] = [];
  readonly counts: number[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.texts.length;
      // A piece of a line would keep the whole line in memory.
      const own = text.length < 13 ? text : ` ${text}`.slice(1);
      this.#numbers.set(own, number);
      this.texts.push(own);
      this.counts.push(0);
    }
    return number;
  }
}

/** Reads one log, once or several times. */
export class LogReader {
  readonly paths: Names = new Names();
  readonly clients: Names = new Names();
  readonly #format: string | undefined;
  readonly #key: ReplayKey;
  readonly #header: string | undefined;
  #facts: LogFacts | undefined;

  constructor(format: string | undefined, key: ReplayKey) {
    this.#format = format;
    this.#key = key;
    this.#header = typeof key === 'object' ? key.header.toLowerCase() : undefined;
  }

  /** What the log has; after it was read once. */
  get facts(): LogFacts {
    return this.#facts as LogFacts;
  }

  /**
   * The requests of a log, in the order of their times, in lists.
   * @throws TypeError if the format is not known
   */
  async *read(pieces: LogPieces): AsyncGenerator<readonly LogRow[]> {
    const first: string[] = [];
    let format: LogFormat | undefined;
    const counts = { lines: 0, broken: 0 };
    let reading: Reading | undefined;
    const document: string[] = [];
    const begin = () => {
      format =
        this.#format === undefined
          ? sniffedFormat(first, this.#header)
          : namedFormat(this.#format, first, this.#header);
      if (format !== 'har') reading = new Reading(this, format);
    };
    for await (const lines of linesOf(pieces)) {
      if (format === undefined) {
        first.push(...lines.filter((line) => line !== TOO_LONG));
        counts.broken += lines.length - lines.filter((line) => line !== TOO_LONG).length;
        counts.lines = counts.broken;
        if (first.length < SNIFFED_LINES) continue;
        begin();
        if (format === 'har') document.push(...first);
        else yield (reading as unknown as Reading).take(first);
      } else if (format === 'har') document.push(...lines);
      else yield (reading as unknown as Reading).take(lines);
    }
    if (format === undefined) {
      begin();
      if (format === 'har') document.push(...first);
      else yield (reading as unknown as Reading).take(first);
    }
    const found = reading ?? new Reading(this, HAR);
    if (format === 'har') yield found.takeDocument(document.join('\n'), this.#header);
    yield found.end();
    this.#facts ??= found.facts(counts.broken);
  }

  /** The row of a line. */
  rowOf(line: LogLine, isFirst: boolean): LogRow {
    const { path, keyHash, client, header, durationMs, bytes, method } = line;
    const key = this.paths.numberOf(keyHash === '' ? path : keyHash);
    const who = this.clients.numberOf(this.#header === undefined ? client : header);
    if (isFirst) {
      this.paths.counts[key] = (this.paths.counts[key] as number) + 1;
      this.clients.counts[who] = (this.clients.counts[who] as number) + 1;
    }
    const isWrite = method === 'POST' || method === 'PATCH';
    return { atMs: line.atMs, key, client: who, durationMs, bytes, isWrite };
  }

  get isFirstReading(): boolean {
    return this.#facts === undefined;
  }

  get keyKind(): ReplayKey {
    return this.#key;
  }
}

const HAR: LineFormat = { name: 'har', isWholeSeconds: false, read: () => false };

/** One reading of a log. */
class Reading {
  readonly #reader: LogReader;
  readonly #format: LineFormat;
  readonly #window: SortWindow;
  readonly #line = new LogLine();
  #lines = 0;
  #broken = 0;
  #requests = 0;
  #fromMs = Number.POSITIVE_INFINITY;
  #untilMs = Number.NEGATIVE_INFINITY;
  #durations = 0;
  #durationMs = 0;
  #bytes = 0;

  constructor(reader: LogReader, format: LineFormat) {
    this.#reader = reader;
    this.#format = format;
    this.#window = new SortWindow(format.isWholeSeconds);
  }

  take(lines: readonly string[]): readonly LogRow[] {
    const rows: LogRow[] = [];
    const line = this.#line;
    for (const text of lines) {
      line.clear();
      this.#note(text !== TOO_LONG && this.#format.read(text, line), rows);
    }
    return this.#given(this.#window.take(rows));
  }

  takeDocument(text: string, header: string | undefined): readonly LogRow[] {
    const rows: LogRow[] = [];
    for (const isRequest of harLines(text, header, this.#line)) this.#note(isRequest, rows);
    // A document is in memory as a whole: it can be sorted as one.
    return this.#given(this.#window.take(rows.sort((a, b) => a.atMs - b.atMs)));
  }

  end(): readonly LogRow[] {
    return this.#given(this.#window.end());
  }

  facts(tooLong: number): LogFacts {
    const { paths, clients } = this.#reader;
    const counts = [...paths.counts].sort((a, b) => b - a);
    const share = (of: readonly number[]) =>
      of.reduce((sum, count) => sum + count, 0) / Math.max(1, this.#requests);
    return {
      format: this.#format.name,
      lines: this.#lines + tooLong,
      broken: this.#broken + tooLong,
      late: this.#window.late,
      outOfOrder: this.#window.outOfOrder,
      requests: this.#requests,
      fromMs: this.#fromMs,
      untilMs: this.#untilMs,
      paths: paths.texts.length,
      clients: clients.texts.length,
      seenOnce: counts.filter((count) => count === 1).length,
      topShare: share(counts.slice(0, 1)),
      topTenShare: share(counts.slice(0, 10)),
      meanDurationMs: this.#durations === 0 ? undefined : this.#durationMs / this.#durations,
      meanBytes: this.#bytes / Math.max(1, this.#requests),
    };
  }

  #note(isRequest: boolean, rows: LogRow[]): void {
    this.#lines++;
    if (isRequest) rows.push(this.#reader.rowOf(this.#line, this.#reader.isFirstReading));
    else this.#broken++;
  }

  #given(rows: readonly LogRow[]): readonly LogRow[] {
    for (const { atMs, durationMs, bytes } of rows) {
      this.#requests++;
      this.#bytes += bytes;
      if (durationMs >= 0) {
        this.#durations++;
        this.#durationMs += durationMs;
      }
      if (atMs < this.#fromMs) this.#fromMs = atMs;
      if (atMs > this.#untilMs) this.#untilMs = atMs;
    }
    return rows;
  }
}
