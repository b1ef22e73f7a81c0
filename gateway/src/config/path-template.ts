// Patterns of paths: `/users/{id}/orders/{rest*}`. They are compared segment by segment, with at most one
// variable in a segment, so that there is nothing to try again: the time to match grows with the length of
// the path alone. Regular expressions could take exponential time on a path that a client invents.

/** One segment: the text around a variable, or all text without one. */
interface Segment {
  readonly before: string;
  /** `undefined` for text alone. */
  readonly name: string | undefined;
  readonly after: string;
}

const SEGMENT = /^([^{}]*)\{(\w+)(\*?)\}([^{}]*)$/;

/** A pattern of paths with variables. */
export class PathTemplate {
  readonly #segments: readonly Segment[];
  /** The variable at the end that stands for all that is left. */
  readonly #rest: string | undefined;

  /** @throws TypeError that says what is wrong */
  constructor(text: string) {
    const segments: Segment[] = [];
    let rest: string | undefined;
    for (const part of text.split('/').slice(1)) {
      if (rest !== undefined) throw new TypeError(`{${rest}*} must be the last segment`);
      const [, before = '', name, star, after = ''] = SEGMENT.exec(part) ?? [];
      if (name === undefined && /[{}]/.test(part))
        throw new TypeError('a segment may have one variable such as {id}, the last one {rest*}');
      if (star === '*') {
        if (before !== '' || after !== '') throw new TypeError(`{${name}*} must be a segment of its own`);
        rest = name;
      } else segments.push(name === undefined ? { before: part, name, after: '' } : { before, name, after });
    }
    this.#segments = segments;
    this.#rest = rest;
    const { names } = this;
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined) throw new TypeError(`{${twice}} must be there once`);
  }

  /** The names of the variables. */
  get names(): string[] {
    const own = this.#segments.flatMap(({ name }) => (name === undefined ? [] : [name]));
    return this.#rest === undefined ? own : [...own, this.#rest];
  }

  /** The values of the variables in a path, as they stand there; `undefined` if the path does not fit. */
  match(path: string): ReadonlyMap<string, string> | undefined {
    const values = new Map<string, string>();
    let at = 0;
    for (const { before, name, after } of this.#segments) {
      if (path[at] !== '/') return undefined;
      const slash = path.indexOf('/', at + 1);
      const end = slash < 0 ? path.length : slash;
      const segment = path.slice(at + 1, end);
      at = end;
      if (name === undefined) {
        if (segment !== before) return undefined;
        continue;
      }
      const isLong = segment.length > before.length + after.length;
      if (!isLong || !segment.startsWith(before) || !segment.endsWith(after)) return undefined;
      values.set(name, segment.slice(before.length, segment.length - after.length));
    }
    if (this.#rest === undefined) return at === path.length ? values : undefined;
    values.set(this.#rest, path.slice(at + 1));
    return values;
  }

  /** A path with these values. */
  fill(values: ReadonlyMap<string, string>): string {
    let path = '';
    for (const { before, name, after } of this.#segments)
      path += `/${before}${name === undefined ? '' : (values.get(name) ?? '')}${after}`;
    if (this.#rest !== undefined) path += `/${values.get(this.#rest) ?? ''}`;
    return path === '' ? '/' : path;
  }
}
