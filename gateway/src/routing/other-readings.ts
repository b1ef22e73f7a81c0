// The readings that servers may have of a path that did not come in its normal form.
import { encodedSegment, type RequestPath } from '../config/normal-path.ts';

/** A path as some server may read it. */
export interface OtherReading {
  readonly path: string;
  /** Whether it is another spelling of the same path: needless encoding, parameters or doubled slashes. */
  readonly isSame: boolean;
}

/** More readings are not looked at: such a path is forwarded normalised. */
const MAX_READINGS = 24;

/**
 * The readings that servers may have of a path that did not come normalised: servers leave dot segments,
 * decode percent-encoding, merge slashes, cut parameters or end the path at them, take backslashes for
 * slashes and trim, in any combination.
 * @returns `undefined` if there are too many
 */
export function otherReadings({ raw, normal }: RequestPath): readonly OtherReading[] | undefined {
  const readings = new Set([raw]);
  for (const [applies, read] of READERS) {
    for (const path of [...readings]) if (applies.test(path)) readings.add(read(path));
    if (readings.size > MAX_READINGS) return undefined;
  }
  return [...readings].map((path) => ({ path, isSame: respelt(path) === normal }));
}

const DOTS = /(?:^|\/)\.{1,2}(?:\/|$)/;
const PARAMETERS = /;[^/]*/g;

/** What servers do to a path that leave something else to them, and to which paths. */
const READERS: readonly (readonly [applies: RegExp, read: (path: string) => string])[] = [
  // The older parser of Node.js, which Express and Koa ask about paths with bytes above 7F.
  [/[\xa0\ufeff]$/, trimmed],
  // The URL Standard, for `http:`.
  [/\\/, (path) => path.replaceAll('\\', '/')],
  // Where dot segments follow, the encoded slash changes what they take away.
  [/%2f/i, (path) => (DOTS.test(path) ? path.replace(/%2f/gi, '/') : path)],
  [/;/, (path) => path.slice(0, path.indexOf(';'))],
  [/;/, (path) => path.replace(PARAMETERS, '')],
  [/%/, (path) => path.split('/').map(encodedSegment).join('/')],
  [/\/\//, merged],
  [DOTS, (path) => resolvedDots(path)],
];

function trimmed(path: string): string {
  let end = path.length;
  while (/[\xa0\ufeff]/.test(path[end - 1] ?? '')) end--;
  return path.slice(0, end);
}

function merged(path: string): string {
  return path.replace(/\/{2,}/g, '/');
}

/** The path normalised, but for its dot segments. */
function respelt(path: string): string {
  return merged(path.replace(PARAMETERS, '').split('/').map(encodedSegment).join('/'));
}

/** With dot segments resolved as the URL Standard does, which leaves empty segments. */
function resolvedDots(path: string): string {
  const left: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    if (segment === '..') left.pop();
    else if (segment !== '.') left.push(segment);
    const isLast = index === segments.length - 1;
    if (isLast && (segment === '.' || segment === '..')) left.push('');
  }
  return `/${left.join('/')}`;
}
