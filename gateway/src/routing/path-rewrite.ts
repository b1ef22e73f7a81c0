// Paths that a backend gets in the place of those that clients ask for, and the way back.
import { type RequestPath, withRawRest } from '../config/normal-path.ts';
import { PathTemplate } from '../config/path-template.ts';
import type { RouteConfig } from '../config/schema.ts';

/** What a backend gets in the place of a path. */
export interface RewrittenPath {
  readonly path: string;
  /** What is added to the query; `undefined` for nothing. */
  readonly added: string | undefined;
}

/** A change of paths. */
export interface PathRewrite {
  /** The beginning of the paths that it is for, normalised. */
  readonly prefix: string;
  /**
   * The path for the backend; `undefined` if the path stays as it is.
   * @param path - without query
   */
  forth(path: string): RewrittenPath | undefined;
  /** The path for the client of a path that the backend names; `undefined` if it has none. */
  back(path: string): string | undefined;
}

/**
 * The change that a route makes.
 * @param prefix - the route's path, normalised
 * @returns `undefined` for none
 * @throws TypeError if a pattern is wrong
 */
export function pathRewrite(
  { stripPrefix, rewrite }: Pick<RouteConfig, 'stripPrefix' | 'rewrite'>,
  prefix: string,
): PathRewrite | undefined {
  if (stripPrefix) return new PrefixRewrite(prefix, '/');
  if (rewrite === undefined) return undefined;
  return typeof rewrite === 'string'
    ? new PrefixRewrite(prefix, rewrite)
    : new PatternRewrite(prefix, rewrite);
}

/** Another beginning in the place of the route's path. */
class PrefixRewrite implements PathRewrite {
  readonly prefix: string;
  readonly #from: string;
  readonly #to: string;

  constructor(from: string, to: string) {
    this.prefix = from;
    this.#from = withoutSlash(from);
    this.#to = withoutSlash(to);
  }

  forth(path: string): RewrittenPath {
    return { path: this.#to + path.slice(this.#from.length) || '/', added: undefined };
  }

  back(path: string): string | undefined {
    if (!path.startsWith(this.#to)) return undefined;
    const rest = path.slice(this.#to.length);
    return rest === '' || rest.startsWith('/') ? this.#from + rest || '/' : undefined;
  }
}

/** A path by a pattern and its variables. */
class PatternRewrite implements PathRewrite {
  readonly prefix: string;
  readonly #from: PathTemplate;
  readonly #to: PathTemplate;
  /** Text and names of variables by turns; `undefined` for no query. */
  readonly #query: readonly string[] | undefined;
  /** Whether a path of the backend has all variables of one of the client. */
  readonly #hasWayBack: boolean;

  constructor(prefix: string, { from, to }: { readonly from: string; readonly to: string }) {
    this.prefix = prefix;
    const [path = '', query] = to.split('?', 2);
    this.#from = new PathTemplate(from);
    this.#to = new PathTemplate(path);
    this.#query = query?.split(/\{(\w+)\}/);
    const names = new Set(this.#to.names);
    this.#hasWayBack = this.#from.names.every((name) => names.has(name));
  }

  forth(path: string): RewrittenPath | undefined {
    const values = this.#from.match(path);
    if (values === undefined) return undefined;
    return { path: this.#to.fill(values), added: this.#query && filled(this.#query, values) };
  }

  back(path: string): string | undefined {
    const values = this.#hasWayBack ? this.#to.match(path) : undefined;
    return values && this.#from.fill(values);
  }
}

/** @param query - text and names of variables by turns */
function filled(query: readonly string[], values: ReadonlyMap<string, string>): string {
  let text = query[0] as string;
  for (let index = 1; index < query.length; index += 2)
    text += queryValue(values.get(query[index] as string) ?? '') + query[index + 1];
  return text;
}

/** Of a part of a path, what would end a value in a query is encoded. */
function queryValue(text: string): string {
  return text.replace(/[&=+;]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A path as a rewrite makes it of one that came. @returns `undefined` if it stays as it is */
export function rewritten(path: RequestPath, rewrite: PathRewrite): RewrittenPath | undefined {
  const source = withRawRest(path, rewrite.prefix);
  return (source === undefined ? undefined : rewrite.forth(source)) ?? rewrite.forth(path.normal);
}

/** What a rewrite adds to a query comes first. @param query - from the question mark on */
export function longerQuery(added: string | undefined, query: string): string {
  return added === undefined ? query : `?${added}${query.replace('?', '&')}`;
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
