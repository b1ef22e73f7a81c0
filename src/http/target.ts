// Joins a backend's base URL and a request's path. A path cannot leave the base path, however its dot
// segments are spelled.
import { BadRequestError } from '../errors.ts';
import { shown } from '../shown.ts';

/** Two dots in any spelling, also one that is decoded several times. */
const TWO_DOTS = /(?:\.|%(?:25)*2e){2}/i;
/** A segment that stands for its parent (WHATWG URL, "double-dot path segment"). */
const PARENT = /^(?:\.|%2e){2}$/i;
/** A segment that stands for itself (WHATWG URL, "single-dot path segment"). */
const SAME = /^(?:\.|%2e)$/i;

/**
 * A backend's base URL followed by a path, with exactly one slash between them.
 * @throws as {@link insidePath} does
 */
export function targetUrl(base: string, path: string): string {
  const absolute = path === '' || path.startsWith('/') ? path : `/${path}`;
  return hasBasePath(base) ? base + insidePath(absolute) : base + absolute;
}

/** Whether a base URL, without a slash at its end, has a path. */
function hasBasePath(base: string): boolean {
  return base.indexOf('/', base.indexOf('//') + 2) >= 0;
}

/**
 * A path to be appended to a base path. Dot segments that every URL parser resolves are resolved here, and
 * end at the base path (RFC 3986 section 5.2.4). O(length).
 * @throws BadRequestError if a backend that decodes more than that (encoded slashes, dots encoded twice, path
 * parameters) would leave the base path
 */
export function insidePath(path: string): string {
  const text = withoutIgnored(path);
  if (!TWO_DOTS.test(text)) return text;
  const end = text.search(/[?#]/);
  const plain = resolved(end < 0 ? text : text.slice(0, end));
  if (leaves(plain))
    throw new BadRequestError(`path must stay inside the backend's base path, got ${shown(path)}`);
  return end < 0 ? plain : plain + text.slice(end);
}

/** Without the characters that URL parsers drop: they may stand between two dots. */
function withoutIgnored(path: string): string {
  return /[\0-\x20]/.test(path) ? path.replace(/[\t\n\r]/g, '').replace(/[\0-\x20]+$/, '') : path;
}

/** Without dot segments. A backslash separates like a slash, as in every URL with `http:`. */
function resolved(path: string): string {
  const segments = path.split(/[/\\]/);
  if (!segments.some((segment) => PARENT.test(segment) || SAME.test(segment))) return path;
  const left: string[] = [];
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (PARENT.test(segment)) {
      // The first one is what stands before the first slash: nothing.
      if (left.length > 1) left.pop();
      if (isLast) left.push('');
    } else if (!SAME.test(segment)) left.push(segment);
    else if (isLast) left.push('');
  }
  return left.join('/');
}

/** Whether a path leads out of its beginning for a reader that decodes as much as any reader does. */
function leaves(path: string): boolean {
  const decoded = path
    .replace(/%(?:25)+/g, '%')
    .replace(/%2e/gi, '.')
    .replace(/%2f|%5c|\\/gi, '/')
    .replace(/%3b/gi, ';');
  let depth = 0;
  for (const segment of decoded.split('/')) {
    // Some servers drop empty segments, and parameters of a segment, before they resolve dots.
    const [name] = segment.split(';', 1);
    if (name === '..') depth--;
    else if (name !== '' && name !== '.') depth++;
    if (depth < 0) return true;
  }
  return false;
}
