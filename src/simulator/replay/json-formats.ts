// Access logs whose lines are JSON: Caddy, Traefik, evenkeel's own, and others by the usual names.
import { anyTime, type LineFormat, type LogLine, readRequestLine, setPath } from './log-line.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Each format of JSON; `header` is the name of the one that is asked for, in lower case. */
export function jsonFormats(header: string | undefined): LineFormat[] {
  return [
    jsonFormat('evenkeel', (fields, line) => {
      if (typeof fields.requestId !== 'string' || typeof fields.durationMs !== 'number') return false;
      line.durationMs = fields.durationMs;
      line.atMs = anyTime(fields.time) - fields.durationMs;
      line.client = textOf(fields.clientAddress);
      line.method = textOf(fields.method);
      line.bytes = Number(fields.bytesSent) || 0;
      line.keyHash = textOf(fields.keyHash);
      return setPath(fields.path, line);
    }),
    jsonFormat('caddy', (fields, line) => {
      const { request, duration, ts, size } = fields;
      if (!isFields(request)) return false;
      line.durationMs = typeof duration === 'number' ? 1_000 * duration : Number.NaN;
      line.atMs = anyTime(ts) - (line.durationMs || 0);
      line.client = textOf(request.client_ip ?? request.remote_ip ?? request.remote_addr);
      line.method = textOf(request.method);
      line.bytes = Number(size) || 0;
      if (header !== undefined && isFields(request.headers)) line.header = headerIn(request.headers, header);
      return setPath(request.uri, line);
    }),
    jsonFormat('traefik', (fields, line) => {
      if (typeof fields.RequestPath !== 'string') return false;
      line.atMs = anyTime(fields.StartUTC ?? fields.time);
      line.durationMs = typeof fields.Duration === 'number' ? fields.Duration / 1e6 : Number.NaN;
      line.client = textOf(fields.ClientHost);
      line.method = textOf(fields.RequestMethod);
      line.bytes = Number(fields.DownstreamContentSize) || 0;
      if (header !== undefined) line.header = headerIn(fields, `request_${header}`);
      return setPath(fields.RequestPath, line);
    }),
    jsonFormat('json', (fields, line) => {
      const method = firstOf(fields, METHODS);
      // What a server says of itself may have a URL, too.
      if (method === undefined && fields.msg !== undefined && fields.request === undefined) return false;
      line.atMs = anyTime(firstOf(fields, TIMES));
      line.client = textOf(firstOf(fields, CLIENTS));
      line.method = textOf(method ?? 'GET');
      line.bytes = Number(firstOf(fields, SIZES)) || 0;
      line.durationMs = durationIn(fields);
      if (header !== undefined) {
        const headers = fields.headers ?? fields.request_headers;
        const own = `http_${header.replaceAll('-', '_')}`;
        line.header = headerIn(fields, own) || headerIn(isFields(headers) ? headers : fields, header);
      }
      if (setPath(firstOf(fields, PATHS), line)) return true;
      return typeof fields.request === 'string' && readRequestLine(fields.request, line);
    }),
  ];
}

const TIMES = [
  'time',
  '@timestamp',
  'timestamp',
  'ts',
  'start_time',
  'time_iso8601',
  'msec',
  'time_local',
  'date',
];
const CLIENTS = [
  'remote_addr',
  'client_ip',
  'clientIp',
  'client',
  'ip',
  'remote_ip',
  'clientAddress',
  'remote',
];
const METHODS = ['method', 'request_method', 'verb'];
const SIZES = ['bytes', 'body_bytes_sent', 'bytes_sent', 'size', 'response_size', 'responseSize'];
const PATHS = ['request_uri', 'path', 'uri', 'url', 'target'];
/** Names of durations, and how many milliseconds their unit has. */
const DURATIONS: readonly (readonly [string, number])[] = [
  ['durationMs', 1],
  ['duration_ms', 1],
  ['latency_ms', 1],
  ['responseTime', 1],
  ['request_time', 1_000],
  ['duration', 1],
];

function durationIn(fields: Fields): number {
  for (const [name, factor] of DURATIONS) {
    const value = fields[name];
    if (value !== undefined && Number.isFinite(Number(value))) return factor * Number(value);
  }
  return Number.NaN;
}

function jsonFormat(name: string, read: (fields: Fields, line: LogLine) => boolean): LineFormat {
  return {
    name,
    isWholeSeconds: false,
    read(text, line) {
      if (!text.startsWith('{')) return false;
      let fields: unknown;
      try {
        fields = JSON.parse(text);
      } catch {
        return false;
      }
      return isFields(fields) && read(fields, line) && !Number.isNaN(line.atMs);
    },
  };
}

/**
 * The requests of a HAR file, which is one JSON document.
 * @throws TypeError if it is none
 */
export function* harLines(text: string, header: string | undefined, line: LogLine): Generator<boolean> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new TypeError('a HAR log must be one JSON document, got one that cannot be parsed');
  }
  const log = isFields(document) && isFields(document.log) ? document.log : {};
  if (!Array.isArray(log.entries)) throw new TypeError('a HAR log must have log.entries, got none');
  for (const entry of log.entries as unknown[]) {
    line.clear();
    const { request, response, startedDateTime, time } = isFields(entry) ? entry : {};
    if (!isFields(request)) {
      yield false;
      continue;
    }
    line.atMs = anyTime(startedDateTime);
    line.durationMs = typeof time === 'number' ? time : Number.NaN;
    line.method = textOf(request.method);
    line.bytes = isFields(response) ? Math.max(0, Number(response.bodySize) || 0) : 0;
    if (header !== undefined && Array.isArray(request.headers)) {
      const found = request.headers.find((one) => isFields(one) && textOf(one.name).toLowerCase() === header);
      line.header = isFields(found) ? textOf(found.value) : '';
    }
    yield setPath(request.url, line) && !Number.isNaN(line.atMs);
  }
}

function firstOf(fields: Fields, names: readonly string[]): unknown {
  for (const name of names) if (fields[name] !== undefined) return fields[name];
  return undefined;
}

function headerIn(fields: Fields, wanted: string): string {
  for (const [name, value] of Object.entries(fields))
    if (name.toLowerCase() === wanted) return textOf(Array.isArray(value) ? value[0] : value);
  return '';
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
