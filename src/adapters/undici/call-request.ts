import type { Dispatcher } from 'undici';
import type { Request } from '../../index.ts';

/** The view of a request that affinity keys read. */
export class CallRequest implements Request {
  readonly id = '';
  readonly payload = '';
  readonly method: string;
  readonly #options: Dispatcher.DispatchOptions;
  #headers: Record<string, string | string[]> | undefined;

  constructor(options: Dispatcher.DispatchOptions) {
    this.method = options.method;
    this.#options = options;
  }

  get path(): string {
    const { path, query } = this.#options;
    return query === undefined ? path : `${path}?${new URLSearchParams(query)}`;
  }

  /** By name, in lower case. */
  get headers(): Record<string, string | string[]> {
    this.#headers ??= recordOf(this.#options.headers);
    return this.#headers;
  }
}

function recordOf(headers: Dispatcher.DispatchOptions['headers']): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of pairsOf(headers ?? [])) {
    if (value === undefined) continue;
    const key = name.toLowerCase();
    const before = record[key];
    record[key] = before === undefined ? value : [before, value].flat();
  }
  return record;
}

/** undici accepts headers as a flat list of names and values, as pairs, or as an object. */
function pairsOf(
  headers: NonNullable<Dispatcher.DispatchOptions['headers']>,
): Iterable<[string, string | string[] | undefined]> {
  if (Array.isArray(headers) && typeof headers[0] === 'string') {
    const flat = headers as string[];
    return flat.flatMap((name, i) =>
      i % 2 === 0 ? [[name, flat[i + 1]] as [string, string | undefined]] : [],
    );
  }
  return Symbol.iterator in headers
    ? (headers as Iterable<[string, string | string[] | undefined]>)
    : Object.entries(headers);
}
