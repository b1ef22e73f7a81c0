// What a line of an access log says.

/** A request, as a line of an access log tells it. One object is filled again for each line. */
export class LogLine {
  /** When the request came, in milliseconds since 1970. */
  atMs = 0;
  /** Path with its query, as far as the log has it. */
  path = '';
  client = '';
  method = 'GET';
  bytes = 0;
  /** `NaN` if the log does not say. */
  durationMs = Number.NaN;
  /** The key that the gateway had, as its hash; empty if the log has none. */
  keyHash = '';
  /** The value of the header that is asked for; empty without one. */
  header = '';

  clear(): void {
    this.method = 'GET';
    this.client = '';
    this.bytes = 0;
    this.durationMs = Number.NaN;
    this.keyHash = '';
    this.header = '';
  }
}

/** A format of access logs. */
export interface LineFormat {
  readonly name: string;
  /** Whether times are whole seconds: then the requests of one are spread evenly over it. */
  readonly isWholeSeconds: boolean;
  /** Fills `line`. @returns whether the text is a request in this format */
  read(text: string, line: LogLine): boolean;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
let lastTime = '';
let lastMs = 0;

/** The time `29/Nov/2026:16:46:43 +0000`; without a zone, it is UTC. `NaN` if it is none. */
export function clfTime(text: string): number {
  // Many lines in a row have the same one.
  if (text === lastTime) return lastMs;
  const match =
    /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?(?: ([+-]\d\d)(\d\d))?$/.exec(
      text,
    );
  if (match === null) return Number.NaN;
  const [, day, month = '', year, hour, minute, second, fraction = '', zone = '+00', zoneMinutes = '00'] =
    match;
  const number = MONTHS.indexOf(month) / 3;
  const offset = (Number(zone) * 60 + (zone.startsWith('-') ? -1 : 1) * Number(zoneMinutes)) * 60_000;
  if (!Number.isInteger(number)) return Number.NaN;
  lastTime = text;
  lastMs =
    Date.UTC(Number(year), number, Number(day), Number(hour), Number(minute), Number(second)) +
    Number(fraction.padEnd(3, '0')) -
    offset;
  return lastMs;
}

/** A time in ISO 8601, or seconds or milliseconds since 1970. `NaN` if it is none. */
export function anyTime(value: unknown): number {
  if (typeof value === 'number') return value < 1e11 ? value * 1_000 : value;
  if (typeof value !== 'string') return Number.NaN;
  if (/^\d+(\.\d+)?$/.test(value)) return anyTime(Number(value));
  return /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : clfTime(value);
}

/** Fills in method and path of a request line such as `GET /a HTTP/1.1`. @returns whether it has a path */
export function readRequestLine(text: string, line: LogLine): boolean {
  const space = text.indexOf(' ');
  // HTTP/0.9 had the path alone.
  const rest = space < 0 || text.startsWith('/') ? text : text.slice(space + 1);
  if (rest !== text) line.method = text.slice(0, space);
  const end = rest.indexOf(' ');
  return setPath(end < 0 ? rest : rest.slice(0, end), line);
}

/** Sets the path; of a URL, its path. @returns whether there is one */
export function setPath(target: unknown, line: LogLine): boolean {
  if (typeof target !== 'string' || target === '') return false;
  line.path = target.startsWith('/') ? target : target.replace(/^[a-z]+:\/\/[^/]*/i, '') || '/';
  return true;
}
