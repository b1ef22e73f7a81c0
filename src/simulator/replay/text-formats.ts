// Access logs whose lines are text: combined and common, nginx with a format of its own, HAProxy, Envoy,
// Traefik.
import { anyTime, clfTime, type LineFormat, type LogLine, readRequestLine, setPath } from './log-line.ts';

/** The common log format and the combined one, which has two fields more. */
export const COMBINED: LineFormat = {
  name: 'combined',
  isWholeSeconds: true,
  read: (text, line) => readCombined(text, line) >= 0,
};

/** Traefik: the common format, and at the end the duration. */
export const TRAEFIK: LineFormat = {
  name: 'traefik',
  isWholeSeconds: true,
  read(text, line) {
    if (!text.endsWith('ms') || readCombined(text, line) < 0) return false;
    const ms = Number(text.slice(text.lastIndexOf(' ') + 1, -2));
    line.durationMs = ms;
    return ms >= 0;
  },
};

const STATUS_AND_SIZE = /" (\d{3}) (\d+|-)/y;

/** @returns where the size ends, or -1 */
function readCombined(text: string, line: LogLine): number {
  const space = text.indexOf(' ');
  const open = text.indexOf(' [', space);
  const close = text.indexOf('] "', open);
  // Two fields are between the client and the time.
  const middle = text.indexOf(' ', space + 1);
  if (space <= 0 || open < 0 || close < 0 || middle >= open) return -1;
  line.atMs = clfTime(text.slice(open + 2, close));
  const start = close + 3;
  const end = text.indexOf('"', start);
  // The status and the size follow; a quote inside of the request makes a line that cannot be told apart.
  STATUS_AND_SIZE.lastIndex = end;
  const found = end < 0 ? null : STATUS_AND_SIZE.exec(text);
  if (found === null || Number.isNaN(line.atMs)) return -1;
  line.client = text.slice(0, space);
  line.bytes = Number(found[2]) || 0;
  return readRequestLine(text.slice(start, end), line) ? STATUS_AND_SIZE.lastIndex : -1;
}

const HAPROXY_LINE =
  /(?:^|\s)(\S+):\d+ \[(\d\d\/\w{3}\/\d{4}:[\d:.]+)\] \S+ \S+ ((?:-?\d+\/){4}\+?\d+) (-?\d+) \+?(\d+) .*?"([^"]*)"?$/;

/** HAProxy: `option httplog`, behind a header of syslog or without. Its times have no zone: UTC. */
export const HAPROXY: LineFormat = {
  name: 'haproxy',
  isWholeSeconds: false,
  read(text, line) {
    const match = HAPROXY_LINE.exec(text);
    if (match === null) return false;
    const [, client = '', time = '', timers = '', , bytes, request = ''] = match;
    line.client = client;
    line.atMs = clfTime(time);
    line.bytes = Number(bytes);
    line.durationMs = Number(timers.slice(timers.lastIndexOf('/') + 1).replace('+', ''));
    return !Number.isNaN(line.atMs) && readRequestLine(request, line);
  },
};

const ENVOY_LINE =
  /^\[(\d{4}-\d\d-\d\dT[^\]]+)\] "(\S+) (\S+)[^"]*" \d+ \S+ (?:\S+ )*?(\d+|-) (\d+|-) (\d+|-) (?:\S+ )?"([^"]*)"/;

/** Envoy: the format that it has by itself. */
export const ENVOY: LineFormat = {
  name: 'envoy',
  isWholeSeconds: false,
  read(text, line) {
    const match = ENVOY_LINE.exec(text);
    if (match === null) return false;
    const [, time, method = '', path, , sent, duration, client = ''] = match;
    line.atMs = anyTime(time);
    line.method = method;
    line.bytes = Number(sent) || 0;
    line.durationMs = Number(duration);
    line.client = client.split(',', 1)[0] as string;
    return !Number.isNaN(line.atMs) && setPath(path, line);
  },
};

/** What the variables of nginx say. */
const VARIABLES: Readonly<Record<string, (value: string, line: LogLine) => void>> = {
  remote_addr: (value, line) => void (line.client ||= value),
  realip_remote_addr: (value, line) => void (line.client ||= value),
  http_x_forwarded_for: (value, line) => {
    if (value !== '-') line.client = (value.split(',', 1)[0] as string).trim();
  },
  request: (value, line) => void readRequestLine(value, line),
  request_uri: (value, line) => void setPath(value, line),
  uri: (value, line) => void (line.path === '' && setPath(value, line)),
  args: addQuery,
  query_string: addQuery,
  request_method: (value, line) => void (line.method = value),
  body_bytes_sent: (value, line) => void (line.bytes = Number(value) || 0),
  bytes_sent: (value, line) => void (line.bytes = Number(value) || 0),
  time_local: (value, line) => void (line.atMs = clfTime(value)),
  time_iso8601: (value, line) => void (line.atMs = anyTime(value)),
  msec: (value, line) => void (line.atMs = anyTime(value)),
  request_time: (value, line) => void (line.durationMs = 1_000 * Number(value)),
};
function addQuery(value: string, line: LogLine): void {
  if (value !== '-' && value !== '') line.path += `?${value}`;
}

/**
 * A `log_format` of nginx.
 * @param header - the header that is asked for
 * @throws TypeError if the format has no time or no path
 */
export function nginxFormat(format: string, header: string | undefined): LineFormat {
  const parts = format.split(/\$(\w+|\{\w+\})/);
  const names = parts.filter((_, i) => i % 2 === 1).map((name) => name.replace(/[{}]/g, ''));
  const texts = parts.filter((_, i) => i % 2 === 0);
  const has = (...wanted: string[]) => wanted.some((name) => names.includes(name));
  if (!has('time_local', 'time_iso8601', 'msec'))
    throw new TypeError('format must have $time_local, $time_iso8601 or $msec, got one without');
  if (!has('request', 'request_uri', 'uri'))
    throw new TypeError('format must have $request, $request_uri or $uri, got one without');
  const wanted = header === undefined ? undefined : `http_${header.toLowerCase().replaceAll('-', '_')}`;
  return {
    name: 'nginx',
    isWholeSeconds: !has('msec'),
    read(text, line) {
      const [first = ''] = texts;
      if (!text.startsWith(first)) return false;
      line.path = '';
      line.atMs = Number.NaN;
      let at = first.length;
      for (const [i, name] of names.entries()) {
        const after = texts[i + 1] as string;
        const end = after === '' ? text.length : text.indexOf(after, at);
        if (end < 0) return false;
        const value = text.slice(at, end);
        VARIABLES[name]?.(value, line);
        if (name === wanted && value !== '-') line.header = value;
        at = end + after.length;
      }
      // nginx writes the line at the end of the request.
      if (line.durationMs > 0) line.atMs -= line.durationMs;
      return line.path !== '' && !Number.isNaN(line.atMs);
    },
  };
}
