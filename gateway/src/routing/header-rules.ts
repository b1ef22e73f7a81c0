// Changes that a route makes to headers.
import type { RouteConfig } from '../config/schema.ts';
import { FieldNames } from '../http1/field-names.ts';
import { fieldLines } from '../http1/write.ts';

/** Headers that the gateway adds to each request. */
const ORIGIN_NAMES = [
  'host',
  'via',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'forwarded',
  'x-request-id',
];

/** The header rules of a route, prepared so that a route without rules costs nothing. */
export class HeaderRules {
  readonly isEmpty: boolean;
  /** Names that `apply` leaves out of what was there before. */
  readonly gone: FieldNames;
  /** What `apply` adds, as text, each header with its line end; `undefined` if it cannot be written. */
  readonly addedLines: string | undefined;
  /** Whether they concern a header by which the gateway says where a request comes from. */
  readonly concernOrigin: boolean;
  readonly #gone: ReadonlySet<string>;
  /** The lengths of those names: most other names differ in length, and need no look-up. */
  readonly #lengths: ReadonlySet<number>;
  readonly #added: readonly string[];

  constructor({ set, remove }: RouteConfig['requestHeaders']) {
    this.#added = Object.entries(set).flat();
    this.#gone = new Set([...remove, ...Object.keys(set)].map((name) => name.toLowerCase()));
    this.#lengths = new Set([...this.#gone].map((name) => name.length));
    this.isEmpty = this.#gone.size === 0;
    this.gone = new FieldNames(this.#gone);
    this.addedLines = linesOf(this.#added);
    this.concernOrigin = ORIGIN_NAMES.some((name) => this.#gone.has(name));
  }

  /** The value that a header is set to; `undefined` if it is not set. @param name - in lower case */
  valueOf(name: string): string | undefined {
    const index = this.#added.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name);
    return index < 0 ? undefined : this.#added[index + 1];
  }

  /**
   * Removes and adds headers.
   * @param headers - a flat list of names and values; may be returned unchanged
   */
  apply(headers: string[]): string[] {
    if (this.isEmpty) return headers;
    const left = this.without(headers);
    for (const text of this.#added) left.push(text);
    return left;
  }

  /** Removes headers. @param headers - a flat list of names and values */
  without(headers: readonly string[]): string[] {
    const left: string[] = [];
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index] as string;
      const isGone = this.#lengths.has(name.length) && this.#gone.has(name.toLowerCase());
      if (!isGone) left.push(name, headers[index + 1] as string);
    }
    return left;
  }
}

function linesOf(headers: readonly string[]): string | undefined {
  try {
    return fieldLines('', headers);
  } catch {
    return undefined;
  }
}
