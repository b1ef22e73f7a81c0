import { describe, expect, it } from 'vitest';
import type { LogPieces } from '../../../src/simulator/index.ts';
import { type LogFacts, LogReader, type ReplayKey } from '../../../src/simulator/replay/log-reader.ts';
import type { LogRow } from '../../../src/simulator/replay/sort-window.ts';

const AT = Date.UTC(2026, 10, 29, 16, 46, 43);

interface Read {
  readonly facts: LogFacts;
  readonly rows: readonly LogRow[];
  readonly paths: readonly string[];
  readonly clients: readonly string[];
}

async function read(pieces: LogPieces, format?: string, key: ReplayKey = 'path'): Promise<Read> {
  const reader = new LogReader(format, key);
  const rows: LogRow[] = [];
  for await (const some of reader.read(pieces)) rows.push(...some);
  const { facts, paths, clients } = reader;
  return { facts, rows, paths: paths.texts, clients: clients.texts };
}

/** Name, line, and what it says: path, client, time in milliseconds after `AT`, duration. */
const LINES: readonly (readonly [string, string, readonly [string, string, number, number?]])[] = [
  [
    'combined',
    '10.0.0.1 - ann [29/Nov/2026:16:46:43 +0000] "GET /a?b=1 HTTP/1.1" 200 17 "-" "curl"',
    ['/a?b=1', '10.0.0.1', 500],
  ],
  ['combined', 'host.example - - [29/Nov/2026:17:46:43 +0100] "GET /a" 404 -', ['/a', 'host.example', 500]],
  [
    'traefik',
    '10.0.0.1 - - [29/Nov/2026:16:46:43 +0000] "GET /a HTTP/1.1" 200 17 "-" "-" 42 "web@docker" "http://10.0.0.2:80" 5ms',
    ['/a', '10.0.0.1', 500, 5],
  ],
  [
    'haproxy',
    'Nov 29 16:46:43 lb haproxy[14]: 10.0.0.1:33317 [29/Nov/2026:16:46:43.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"',
    ['/index.html', '10.0.0.1', 655, 109],
  ],
  [
    'envoy',
    '[2026-11-29T16:46:43.123Z] "GET /api/v1/a HTTP/1.1" 200 - 0 154 226 100 "10.0.35.28" "nsq2http" "cc21d9b0" "locations" "tcp://10.0.2.1:80"',
    ['/api/v1/a', '10.0.35.28', 123, 226],
  ],
  [
    'envoy',
    '[2026-11-29T16:46:43.123Z] "POST /a HTTP/2" 503 UF upstream_reset - "-" 0 91 5 - "-" "curl" "id" "host" "-"',
    ['/a', '-', 123, 5],
  ],
  [
    'caddy',
    `{"level":"info","ts":${AT / 1_000 + 0.5},"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.0.0.9","client_ip":"10.0.0.1","method":"GET","host":"a","uri":"/a","headers":{"User-Agent":["curl"]}},"duration":0.25,"size":11,"status":200}`,
    ['/a', '10.0.0.1', 250, 250],
  ],
  [
    'traefik',
    '{"ClientHost":"10.0.0.1","DownstreamContentSize":11,"DownstreamStatus":200,"Duration":5000000,"RequestMethod":"GET","RequestPath":"/a","StartUTC":"2026-11-29T16:46:43.25Z","time":"2026-11-29T16:46:43Z"}',
    ['/a', '10.0.0.1', 250, 5],
  ],
  [
    'json',
    '{"@timestamp":"2026-11-29T16:46:43.25Z","remote_addr":"10.0.0.1","request":"GET /a HTTP/1.1","status":200,"request_time":0.007}',
    ['/a', '10.0.0.1', 250, 7],
  ],
  [
    'json',
    '{"time":"29/Nov/2026:16:46:43 +0000","client":"10.0.0.1","url":"http://shop.example/a?b=1","method":"GET"}',
    ['/a?b=1', '10.0.0.1', 0],
  ],
];

describe('a line of a log', () => {
  it.each(LINES)('is told from others: %s: %s', async (name, line, [path, client, ms, duration]) => {
    const { facts, rows, paths, clients } = await read([`${line}\n`]);
    expect(facts).toMatchObject({ format: name, lines: 1, broken: 0, requests: 1 });
    expect({ path: paths[0], client: clients[0], ms: (rows[0]?.atMs as number) - AT }).toEqual({
      path,
      client,
      ms,
    });
    expect(rows[0]?.durationMs).toBe(duration ?? Number.NaN);
  });

  it.each(LINES)('is read in the format that is asked for: %s: %s', async (name, line) => {
    expect((await read([line], name)).facts).toMatchObject({ format: name, requests: 1 });
  });

  it('of the gateway is told from what it says of itself', async () => {
    const news = (more: string) => `{"level":"info","time":"2026-11-29T16:46:43Z","pid":1,${more}}\n`;
    const lines = [
      ...['"event":"started","msg":"the gateway serves"', '"url":"http://[::]:80","msg":"listening"'].map(
        news,
      ),
      ...Array(9).fill(news('"url":"http://a","event":"down","msg":"http://a is down"')),
      news(
        '"requestId":"a-1","method":"GET","path":"/a","clientAddress":"10.0.0.1","keyHash":"ab12","durationMs":5,"msg":"request"',
      ),
      news(
        '"requestId":"a-2","method":"GET","path":"/b","clientAddress":"10.0.0.1","durationMs":5,"msg":"request"',
      ),
      news(
        '"requestId":"a-3","method":"GET","path":"/b","clientAddress":"10.0.0.1","durationMs":5,"msg":"request"',
      ),
    ];
    const { facts, paths } = await read([lines.join('')]);
    expect(facts).toMatchObject({ format: 'evenkeel', lines: 14, broken: 11, requests: 3 });
    expect(paths).toEqual(['ab12', '/b']);
  });

  it('is read by a log_format of nginx, from the end of the request back', async () => {
    const format = '$remote_addr [$time_iso8601] "$request" $status $request_time "$http_x_user" $args';
    const line = '10.0.0.1 [2026-11-29T16:46:43+00:00] "GET /a HTTP/1.1" 200 0.250 "ann" -';
    const { facts, rows, clients } = await read([line], format, { header: 'X-User' });
    expect(facts).toMatchObject({ format: 'nginx', requests: 1 });
    expect(clients).toEqual(['ann']);
    expect(rows[0]?.durationMs).toBe(250);
  });

  it.each([
    ['$status $request', 'format must have $time_local, $time_iso8601 or $msec, got one without'],
    ['$msec $status', 'format must have $request, $request_uri or $uri, got one without'],
    [
      'apache',
      'format must be one of combined, json, haproxy, envoy, traefik, caddy, evenkeel, har, or a log_',
    ],
  ])('refuses the format %s', async (format, message) => {
    await expect(read(['a\n'], format)).rejects.toThrow(message);
  });

  it.each([
    ['no line', ''],
    ['"hello"', 'hello\nworld\n'],
  ])('refuses a log of another kind: %s', async (got, text) => {
    await expect(read([text])).rejects.toThrow(
      `log must have lines in one of the formats combined, json, haproxy, envoy, traefik, caddy, evenkeel, har, or a format must be given, got ${got}`,
    );
  });
});

describe('a HAR file', () => {
  it('is one document: its entries are the requests', async () => {
    const entry = (url: string, ms: number) => ({
      startedDateTime: new Date(AT + ms).toISOString(),
      time: 12,
      request: { method: 'GET', url, headers: [{ name: 'X-User', value: 'ann' }] },
      response: { bodySize: 5 },
    });
    const text = JSON.stringify(
      { log: { entries: [entry('http://a/b?c', 20), entry('http://a/', 10), {}] } },
      null,
      1,
    );
    const { facts, rows, paths } = await read([text.slice(0, 40), text.slice(40)], undefined, {
      header: 'x-user',
    });
    expect(facts).toMatchObject({ format: 'har', lines: 3, broken: 1, requests: 2, meanDurationMs: 12 });
    expect(rows.map(({ atMs, key }) => [atMs - AT, paths[key]])).toEqual([
      [10, '/'],
      [20, '/b?c'],
    ]);
  });

  it('is refused if it is not whole', async () => {
    await expect(read(['{"log":{"entries":[{'])).rejects.toThrow('a HAR log must be one JSON document');
  });
});

describe('a log', () => {
  const line = (second: number, path = '/') =>
    `10.0.0.1 - - [29/Nov/2026:16:${String(46 + Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')} +0000] "GET ${path} HTTP/1.1" 200 1\n`;

  it('may end anywhere, and come in pieces of any size', async () => {
    const text = `${line(1)}\n${line(2)}`.replace(/\n/g, '\r\n').slice(0, -2);
    const bytes = new TextEncoder().encode(text);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
      bytes.subarray(7 * i, 7 * i + 7),
    );
    expect((await read(pieces)).facts).toMatchObject({ lines: 2, broken: 0, requests: 2 });
  });

  it('is sorted, and whole seconds are spread evenly', async () => {
    const { rows, facts } = await read([line(5), line(3), line(5, '/a'), line(4)]);
    expect(facts).toMatchObject({ outOfOrder: 2, late: 0 });
    expect(rows.map(({ atMs }) => (atMs - AT) / 1_000 + 43)).toEqual([3.5, 4.5, 5.25, 5.75]);
  });

  it('counts a line of a megabyte as broken, without keeping it', async () => {
    const long = `x${'y'.repeat(2 ** 20)}\n`;
    const half = long.slice(0, 2 ** 19);
    const { facts } = await read([line(1), half, long.slice(2 ** 19), line(2), long, line(3)]);
    expect(facts).toMatchObject({ lines: 5, broken: 2, requests: 3 });
  });

  it('leaves out what comes more than a minute late, and counts it', async () => {
    const later = Array.from({ length: 9_000 }, (_, i) => line(250 + (i % 50))).join('');
    const { facts } = await read([later, line(120), line(0), later]);
    expect(facts).toMatchObject({ lines: 18_002, late: 2, broken: 0, requests: 18_000 });
  });
});
