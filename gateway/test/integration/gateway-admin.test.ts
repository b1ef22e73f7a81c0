import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type AdminParts, AdminServer } from '../../src/admin/admin-server.ts';
import type { Command, ListeningAddress } from '../../src/contracts.ts';
import { ControlError } from '../../src/errors.ts';
import { parseExposition } from '../admin/exposition.ts';
import { FakeControl } from '../observation/figures.ts';

const TOKEN = 'a-token-of-some-length';
const ADMIN = { 'x-evenkeel-admin': '1' };
const JSON_TYPE = { 'content-type': 'application/json' };
const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

class NotingLog {
  readonly lines: { level: string; fields: object; message: string }[] = [];
  debug = this.#noter('debug');
  info = this.#noter('info');
  warn = this.#noter('warn');
  error = this.#noter('error');

  #noter(level: string) {
    return (fields: object, message: string) => void this.lines.push({ level, fields, message });
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the answer holds
  readonly json: any;
}

interface Call {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

async function anAdmin(overrides: Partial<AdminParts['config']> = {}, parts: Partial<AdminParts> = {}) {
  const control = new FakeControl();
  const log = new NotingLog();
  const server = new AdminServer({
    control,
    log,
    isReady: () => true,
    dashboard: () => ({ html: '<!doctype html><p>dashboard', contentSecurityPolicy: "default-src 'self'" }),
    config: { host: '127.0.0.1', port: 0, dashboard: true, ...overrides },
    ...parts,
  });
  const address = await server.listen();
  cleanUps.push(() => server.close());
  const call = (path: string, options: Call = {}) => callAt(address, path, options);
  const post = (path: string, body: unknown, headers: OutgoingHttpHeaders = {}) =>
    call(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { ...JSON_TYPE, ...ADMIN, ...headers },
    });
  return { server, control, log, address, call, post };
}

async function callAt(
  { host, port }: ListeningAddress,
  path: string,
  { method = 'GET', headers = {}, body }: Call,
) {
  const request = http.request({ host, port, path, method, headers, agent: false });
  // What the server says before it has read everything counts, not that it has hung up then.
  request.on('error', () => {});
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const answer = await text(response);
  const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
  const json = isJson && answer !== '' ? JSON.parse(answer) : undefined;
  return { status: response.statusCode ?? 0, headers: response.headers, body: answer, json } satisfies Answer;
}

/** Waits for the end of a connection, whatever its reason. */
function ended(socket: net.Socket): Promise<void> {
  socket.on('error', () => {});
  return new Promise((resolve) => socket.resume().once('close', () => resolve()));
}

/** Sends bytes, and gives everything that comes until the other side ends. */
async function raw({ host, port }: ListeningAddress, bytes: string): Promise<string> {
  const socket = net.connect(port, host);
  socket.write(bytes, 'latin1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await ended(socket);
  return Buffer.concat(chunks).toString('latin1');
}

describe('what operators read', () => {
  it('are the statistics in JSON', async () => {
    const { call, control } = await anAdmin();
    const { status, headers, json } = await call('/stats');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(json).toEqual(JSON.parse(JSON.stringify(control.figures)));
  });

  it('are metrics for Prometheus', async () => {
    const { call } = await anAdmin();
    const { status, headers, body } = await call('/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(parseExposition(body).map(({ name }) => name)).toContain('evenkeel_requests_total');
  });

  it('is why a backend takes a request, with null for what has no end', async () => {
    const { call, control } = await anAdmin();
    const candidate = {
      id: 'a',
      verdict: 'picked',
      inFlight: 0,
      flightLimit: Number.POSITIVE_INFINITY,
      keys: 0,
      keyLimit: 4,
    };
    const bounds = { factor: 1.25, z: 1, keys: 0, inFlight: 0 };
    control.explained = {
      route: { host: '*', path: '/', pool: 'shop' },
      explanation: {
        ...{ key: '/a', hash: 1, position: 0.1, strategy: 'consistent-hash', picked: 'a', owner: 'a' },
        ...{
          trust: { asked: 'well', because: 'some backend is well' },
          crisis: false,
          trial: false,
          trials: [],
        },
        ...{
          remembered: false,
          held: undefined,
          kept: undefined,
          spilled: false,
          panic: false,
          bounds,
          candidates: [candidate],
        },
      },
    };
    const query = new URLSearchParams({
      path: '/a?b=1',
      host: 'shop.example',
      method: 'POST',
      clientAddress: '10.0.0.7',
    });
    query.append('header', 'Cookie: a=1');
    const { status, json } = await call(`/explain?${query}`);
    expect(status).toBe(200);
    expect(json.explanation.candidates[0]).toMatchObject({ flightLimit: null, keyLimit: 4 });
    expect(control.queries).toEqual([
      {
        path: '/a?b=1',
        host: 'shop.example',
        method: 'POST',
        clientAddress: '10.0.0.7',
        headers: { cookie: 'a=1' },
      },
    ]);
  });

  it('is what a change would move', async () => {
    const { call, control } = await anAdmin();
    const query = 'pool=shop&add=http://10.0.0.9:80&weight=http://a=b=2.5&remove=http://10.0.0.1:80';
    expect(await call(`/plan?${query}`)).toMatchObject({ status: 200, json: { moved: 0, exact: true } });
    expect(control.plans).toEqual([
      {
        pool: 'shop',
        add: ['http://10.0.0.9:80'],
        remove: ['http://10.0.0.1:80'],
        setWeight: { 'http://a=b': 2.5 },
      },
    ]);
    expect(await call('/plan?weight=http://a')).toMatchObject({
      status: 400,
      json: { message: 'weight must be ID=WEIGHT, with weights from 0 to 1000, got a list of 1' },
    });
  });

  it('is whether the process lives and is ready', async () => {
    let holds = true;
    const { call } = await anAdmin({}, { isReady: () => holds, isLive: () => holds });
    expect(await call('/healthz')).toMatchObject({ status: 200, json: { status: 'alive' } });
    expect(await call('/readyz')).toMatchObject({ status: 200, json: { status: 'ready' } });
    holds = false;
    expect(await call('/healthz')).toMatchObject({ status: 503, json: { status: 'not alive' } });
    expect(await call('/readyz')).toMatchObject({ status: 503, json: { status: 'not ready' } });
  });

  it('is the dashboard, unless it is turned off', async () => {
    const { call } = await anAdmin();
    const { status, headers, body } = await call('/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toBe("default-src 'self'");
    expect(body).toContain('dashboard');
    const without = await anAdmin({ dashboard: false });
    expect((await without.call('/')).status).toBe(404);
  });

  it('is no icon', async () => {
    const { call } = await anAdmin();
    expect(await call('/favicon.ico')).toMatchObject({ status: 204, body: '' });
  });

  it('has its head for HEAD', async () => {
    const { call } = await anAdmin();
    const { status, headers, body } = await call('/stats', { method: 'HEAD' });
    expect([status, body]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });
});

describe('what operators change', () => {
  it.each<[string, string, unknown, number, Command]>([
    [
      'POST',
      '/backends',
      { url: 'http://10.0.0.9:80', weight: 2 },
      201,
      { type: 'add', pool: 'shop', backend: { url: 'http://10.0.0.9:80', weight: 2 } },
    ],
    ['POST', '/drain', { pool: 'shop', id: 'a' }, 200, { type: 'drain', pool: 'shop', backend: 'a' }],
    ['POST', '/resume', { id: 'a' }, 200, { type: 'resume', pool: 'shop', backend: 'a' }],
    [
      'POST',
      '/weight',
      { id: 'a', weight: 0 },
      200,
      { type: 'weight', pool: 'shop', backend: 'a', weight: 0 },
    ],
    [
      'DELETE',
      '/backends?id=http%3A%2F%2F10.0.0.1%3A80',
      undefined,
      200,
      { type: 'remove', pool: 'shop', backend: 'http://10.0.0.1:80' },
    ],
  ])('%s %s', async (method, path, body, status, command) => {
    const { call, control, log } = await anAdmin();
    const headers = { ...ADMIN, ...(body === undefined ? {} : JSON_TYPE) };
    const answer = await call(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(answer).toMatchObject({ status, json: command });
    expect(control.commands).toEqual([command]);
    expect(log.lines).toMatchObject([
      { level: 'info', fields: { change: command.type, pool: 'shop', clientAddress: '127.0.0.1' } },
    ]);
  });

  it.each([
    [404, 'ERR_ADMIN_NOT_FOUND'],
    [409, 'ERR_ADMIN_CONFLICT'],
    [400, 'ERR_ADMIN_BAD_REQUEST'],
    [503, 'ERR_ADMIN_UNAVAILABLE'],
  ])('is refused with status %d where the gateway says so', async (status, code) => {
    const { post, control } = await anAdmin();
    control.failure = new ControlError(status, 'because');
    expect(await post('/drain', { pool: 'shop', id: 'a' })).toMatchObject({
      status,
      json: { code, message: 'because' },
    });
  });

  it('is refused in JSON for a wrong value, before the gateway hears of it', async () => {
    const { post, control } = await anAdmin();
    expect(await post('/backends', { url: 'ten' })).toMatchObject({
      status: 400,
      json: { code: 'ERR_ADMIN_BAD_REQUEST', message: expect.stringContaining('got "ten"') },
    });
    expect(control.commands).toEqual([]);
  });

  it('tells nothing of an unexpected failure but to the log', async () => {
    const { post, control, log } = await anAdmin();
    control.failure = new TypeError('secret detail');
    const { status, json, body } = await post('/drain', { pool: 'shop', id: 'a' });
    expect([status, json]).toEqual([
      500,
      { code: 'ERR_ADMIN_INTERNAL', message: 'the admin listener failed' },
    ]);
    expect(body).not.toContain('secret');
    expect(log.lines).toMatchObject([{ level: 'error', fields: { error: control.failure } }]);
  });

  it('is answered in time though the gateway is not', async () => {
    const { call, control } = await anAdmin({}, { answerMs: 50 });
    control.stats = () => new Promise(() => {});
    expect(await call('/stats')).toMatchObject({ status: 504, json: { code: 'ERR_ADMIN_TIMEOUT' } });
    expect((await call('/healthz')).status).toBe(200);
  });
});

describe('wrong calls', () => {
  it.each([
    '/nothing',
    '/stats/',
    '//stats',
    '/stats%00',
    '/__proto__',
    '/constructor',
    '/%',
    '/../stats',
    '/STATS',
  ])('to %s find nothing', async (path) => {
    const { call } = await anAdmin();
    expect(await call(path)).toMatchObject({ status: 404, json: { code: 'ERR_ADMIN_NOT_FOUND' } });
  });

  it.each([
    ['POST', '/stats', 'GET, HEAD'],
    ['PUT', '/backends', 'POST, DELETE'],
    ['GET', '/backends', 'POST, DELETE'],
    ['HEAD', '/drain', 'POST'],
    ['OPTIONS', '/weight', 'POST'],
    ['DELETE', '/', 'GET, HEAD'],
    ['TRACE', '/metrics', 'GET, HEAD'],
  ])('by %s to %s learn what is allowed', async (method, path, allow) => {
    const { call } = await anAdmin();
    const { status, headers } = await call(path, { method, headers: ADMIN });
    expect([status, headers.allow]).toEqual([405, allow]);
  });

  it.each([
    ['{"id":', 'the body is not JSON'],
    ['', 'the body is not JSON'],
    ['[1]', 'the body must be an object'],
    ['{"id":"a","x":1}', 'x is not known'],
    [Buffer.from([0x22, 0xff, 0x22]), 'the body is not JSON'],
    ['['.repeat(1_048_576), 'the body is not JSON'],
    ['['.repeat(524_288) + ']'.repeat(524_288), 'the body must be an object'],
  ])('with a bad body are told what is wrong (%#)', async (body, message) => {
    const { call } = await anAdmin();
    const answer = await call('/drain', { method: 'POST', body, headers: { ...JSON_TYPE, ...ADMIN } });
    expect(answer).toMatchObject({ status: 400, json: { message: expect.stringContaining(message) } });
  });

  it.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])(
    'with a body of type %s are refused',
    async (type) => {
      const { call, control } = await anAdmin();
      const headers = { ...ADMIN, ...(type === undefined ? {} : { 'content-type': type }) };
      const answer = await call('/drain', { method: 'POST', body: '{"id":"a"}', headers });
      expect(answer).toMatchObject({ status: 415, json: { code: 'ERR_ADMIN_MEDIA_TYPE' } });
      expect(control.commands).toEqual([]);
    },
  );

  it('take a type with parameters', async () => {
    const { post } = await anAdmin();
    expect(
      (await post('/drain', { id: 'a' }, { 'content-type': 'Application/JSON; charset=utf-8' })).status,
    ).toBe(200);
  });

  it.each([
    ['that says how long it is', {}],
    ['that does not', { 'transfer-encoding': 'chunked' }],
    ['that waits for a word', { expect: '100-continue' }],
  ])('with a body of more than 1 MiB %s get 413', async (_, headers) => {
    const { call } = await anAdmin();
    const body = JSON.stringify({ id: 'a'.repeat(1_048_577) });
    const answer = await call('/drain', {
      method: 'POST',
      body,
      headers: { ...JSON_TYPE, ...ADMIN, ...headers },
    });
    expect(answer).toMatchObject({ status: 413, json: { code: 'ERR_ADMIN_BODY_TOO_LARGE' } });
    expect(answer.headers.connection).toBe('close');
  });

  it('with a body that is far too large get their answer, though they send on', async () => {
    const { address } = await anAdmin();
    const socket = net.connect(address.port, address.host);
    const head = 'Host: localhost\r\nContent-Type: application/json\r\nX-Evenkeel-Admin: 1\r\n';
    socket.write(`POST /drain HTTP/1.1\r\n${head}Content-Length: 50000000\r\n\r\n`);
    await new Promise((resolve) => socket.write(Buffer.alloc(16_000_000), resolve));
    const answer = text(socket);
    socket.end();
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('get their word to go on, and no more, where the body is wanted', async () => {
    const { address } = await anAdmin();
    const head =
      'Host: localhost\r\nContent-Type: application/json\r\nX-Evenkeel-Admin: 1\r\nExpect: 100-continue\r\n';
    const wanted = `POST /drain HTTP/1.1\r\n${head}Connection: close\r\nContent-Length: 10\r\n\r\n{"id":"a"}`;
    expect(await raw(address, wanted)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    const unwanted = `POST /nothing HTTP/1.1\r\n${head}Connection: close\r\nContent-Length: 10\r\n\r\n{"id":"a"}`;
    expect(await raw(address, unwanted)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('crash nothing, whatever they are', async () => {
    const { address, call } = await anAdmin();
    const hostile = [
      'GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET stats HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET ftp://localhost/stats HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /stats HTTP/1.1\r\n\r\n',
      'GET /stats HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n',
      'GET /stats HTTP/1.1\r\nHost: \xff\r\n\r\n',
      `GET /explain?${'path=/&'.repeat(2_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      `GET /stats HTTP/1.1\r\nHost: localhost\r\n${'a: b\r\n'.repeat(1_500)}\r\n`,
      'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      'POST /drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ];
    for (const bytes of hostile) {
      await ended(net.connect(address.port, address.host).end(bytes, 'latin1'));
    }
    expect((await call('/healthz')).status).toBe(200);
  });

  it('that end in the middle of a body change nothing', async () => {
    const { address, control, call } = await anAdmin();
    const head = 'Host: localhost\r\nContent-Type: application/json\r\nX-Evenkeel-Admin: 1\r\n';
    const socket = net.connect(address.port, address.host);
    socket.write(`POST /drain HTTP/1.1\r\n${head}Content-Length: 100\r\n\r\n{"id":"a"}`);
    await once(socket, 'connect');
    socket.resetAndDestroy();
    await ended(socket);
    expect((await call('/healthz')).status).toBe(200);
    expect(control.commands).toEqual([]);
  });
});

describe('with a token', () => {
  const bearer = { authorization: `Bearer ${TOKEN}` };

  it.each([
    ['GET', '/stats'],
    ['GET', '/metrics'],
    ['GET', '/explain?path=/'],
    ['POST', '/backends'],
    ['DELETE', '/backends?id=a'],
    ['POST', '/drain'],
    ['GET', '/nothing'],
    ['PUT', '/stats'],
  ])('%s %s needs it', async (method, path) => {
    const { call, control } = await anAdmin({ token: TOKEN });
    const { status, headers, json } = await call(path, { method, headers: ADMIN });
    expect([status, json.code]).toEqual([401, 'ERR_ADMIN_UNAUTHORIZED']);
    expect(headers['www-authenticate']).toBe('Bearer realm="evenkeel admin"');
    expect(control.commands).toEqual([]);
  });

  it.each(['/healthz', '/readyz', '/', '/favicon.ico'])(
    '%s does not, since it tells nothing',
    async (path) => {
      const { call } = await anAdmin({ token: TOKEN });
      expect((await call(path)).status).toBeLessThan(300);
    },
  );

  it('lets in who has it, also by any host name and without another header', async () => {
    const { call, post } = await anAdmin({ token: TOKEN });
    expect((await call('/stats', { headers: bearer })).status).toBe(200);
    expect(
      (await call('/stats', { headers: { authorization: `bearer ${TOKEN}`, host: 'lb.example' } })).status,
    ).toBe(200);
    expect((await post('/drain', { id: 'a' }, { ...bearer, 'x-evenkeel-admin': '' })).status).toBe(200);
  });

  it.each([
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer ${'x'.repeat(8_000)}`,
    `Bearer`,
    `Basic ${Buffer.from(`admin:${TOKEN}`).toString('base64')}`,
    TOKEN,
    'Bearer \xff',
  ])('refuses %s', async (authorization) => {
    const { call } = await anAdmin({ token: TOKEN });
    expect((await call('/stats', { headers: { authorization } })).status).toBe(401);
    expect(
      (await call(`/stats?token=${TOKEN}&access_token=${TOKEN}`, { headers: { authorization } })).status,
    ).toBe(401);
  });

  it('says in the log that somebody tried, but not a thousand times, and never the token', async () => {
    const { call, log } = await anAdmin({ token: TOKEN });
    for (let i = 0; i < 3; i++) await call('/stats', { headers: { authorization: 'Bearer guess' } });
    await call('/stats', { headers: bearer });
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { clientAddress: '127.0.0.1' } }]);
    expect(JSON.stringify(log.lines)).not.toContain('guess');
  });

  it('refuses other origins all the same', async () => {
    const { post } = await anAdmin({ token: TOKEN });
    expect((await post('/drain', { id: 'a' }, { ...bearer, origin: 'http://evil.example' })).status).toBe(
      403,
    );
  });
});

describe('pages of other sites', () => {
  const FOREIGN = [
    'http://evil.example',
    'https://localhost.evil.example',
    'http://localhost:1',
    'null',
    'file://',
    'x',
  ];

  it.each(FOREIGN)('cannot change anything from the origin %s', async (origin) => {
    const { call, post, control } = await anAdmin();
    expect(await post('/drain', { id: 'a' }, { origin })).toMatchObject({
      status: 403,
      json: { code: 'ERR_ADMIN_CROSS_ORIGIN' },
    });
    expect((await call('/stats', { headers: { origin } })).status).toBe(403);
    expect(
      (
        await call('/drain', {
          method: 'OPTIONS',
          headers: { origin, 'access-control-request-method': 'POST' },
        })
      ).status,
    ).toBe(403);
    expect(control.commands).toEqual([]);
  });

  it.each(['cross-site', 'same-site'])('cannot use this one by requests that are %s', async (site) => {
    const { call, post } = await anAdmin();
    const headers = { 'sec-fetch-site': site };
    expect((await call('/metrics', { headers: { ...headers, 'sec-fetch-mode': 'no-cors' } })).status).toBe(
      403,
    );
    expect((await post('/drain', { id: 'a' }, { ...headers, 'sec-fetch-mode': 'navigate' })).status).toBe(
      403,
    );
    // A link that the reader follows shows the page to nobody else.
    expect((await call('/', { headers: { ...headers, 'sec-fetch-mode': 'navigate' } })).status).toBe(200);
  });

  it('get no header that would open anything to them', async () => {
    const { call } = await anAdmin();
    for (const path of ['/stats', '/', '/healthz', '/nothing']) {
      const { headers } = await call(path);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'content-security-policy': expect.stringContaining('default-src'),
      });
    }
  });

  it('cannot send a change as a form: it must show where it comes from', async () => {
    const { call, post, address, control } = await anAdmin();
    expect((await post('/drain', { id: 'a' }, { 'x-evenkeel-admin': '' })).status).toBe(403);
    expect((await call('/backends?id=a', { method: 'DELETE' })).status).toBe(403);
    expect(control.commands).toEqual([]);
    const origin = `http://127.0.0.1:${address.port}`;
    expect((await post('/drain', { id: 'a' }, { 'x-evenkeel-admin': '', origin })).status).toBe(200);
    expect(
      (await post('/drain', { id: 'a' }, { 'x-evenkeel-admin': '', 'sec-fetch-site': 'same-origin' })).status,
    ).toBe(200);
  });

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.example',
    '10.0.0.1',
    '169.254.169.254',
    '[::2]',
    'a@localhost',
  ])('cannot pass for this one by the host name %s', async (name) => {
    const { call, post, control } = await anAdmin();
    const host = `${name}:8080`;
    expect(await call('/stats', { headers: { host } })).toMatchObject({
      status: 421,
      json: { code: 'ERR_ADMIN_HOST' },
    });
    expect((await post('/drain', { id: 'a' }, { host, origin: `http://${host}` })).status).toBe(421);
    expect((await call('/', { headers: { host } })).status).toBe(421);
    expect((await call('/readyz', { headers: { host } })).status).toBe(200);
    expect(control.commands).toEqual([]);
  });

  it.each([
    'localhost',
    'LOCALHOST:1',
    'localhost.',
    'admin.localhost:80',
    '127.0.0.1',
    '127.8.8.8:80',
    '[::1]:80',
    '[::1]',
  ])('are told from this machine, which may say %s', async (host) => {
    const { call } = await anAdmin();
    expect((await call('/stats', { headers: { host } })).status).toBe(200);
  });

  it('cannot hide where they come from behind other headers', async () => {
    const { address } = await anAdmin();
    const many = `Host: localhost\r\n${'a:b\r\n'.repeat(2_500)}Origin: http://evil.example\r\nConnection: close\r\n`;
    expect(await raw(address, `GET /stats HTTP/1.1\r\n${many}\r\n`)).toMatch(/^HTTP\/1\.1 403 /);
    const two = 'Host: localhost\r\nHost: evil.example\r\nConnection: close\r\n';
    expect(await raw(address, `GET /stats HTTP/1.1\r\n${two}\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('cannot hide another host in the target', async () => {
    const { address } = await anAdmin();
    const ask = (target: string) =>
      raw(address, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(await ask('http://localhost/stats')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await raw(address, 'GET /stats HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 421 /,
    );
    expect(await raw(address, 'GET /stats HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /);
    expect(await ask('http://evil.example/stats')).toMatch(/^HTTP\/1\.1 421 /);
    expect(await ask('http://localhost@evil.example/stats')).toMatch(/^HTTP\/1\.1 421 /);
  });
});

describe('the listener itself', () => {
  it('tells where it is', async () => {
    const { address } = await anAdmin();
    expect(address).toEqual({ host: '127.0.0.1', port: expect.any(Number), protocol: 'http' });
  });

  it('says in one line that its port is in use', async () => {
    const { address } = await anAdmin();
    await expect(anAdmin({ port: address.port })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/^admin: .*EADDRINUSE.*$/),
    });
  });

  it('opens itself to others with a token alone', async () => {
    await expect(anAdmin({ host: '0.0.0.0' })).rejects.toMatchObject({
      name: 'ConfigError',
      message: 'admin.token is missing; others than this machine can reach 0.0.0.0',
    });
    const { call } = await anAdmin({ host: '0.0.0.0', token: TOKEN });
    expect((await call('/healthz')).status).toBe(200);
  });

  it('closes at once where nothing is under way, may be closed twice, and before it was open', async () => {
    const { server, call } = await anAdmin();
    await call('/stats');
    await Promise.all([server.close(), server.close()]);
    await expect(call('/stats')).rejects.toThrow();
    const parts = { control: new FakeControl(), log: new NotingLog(), isReady: () => true };
    await new AdminServer({ ...parts, config: { host: '127.0.0.1', port: 0, dashboard: false } }).close();
  });

  it('says with its last response on a connection that it closes', async () => {
    const { server, control, call } = await anAdmin();
    const { figures } = control;
    const headers = { connection: 'keep-alive' };
    expect((await call('/stats', { headers })).headers.connection).toBe('keep-alive');
    const asked = new Promise<(stats: typeof figures) => void>((begun) => {
      control.stats = () => new Promise((respond) => begun(respond));
    });
    const last = call('/stats', { headers });
    const respond = await asked;
    const closed = server.close();
    respond(figures);
    expect((await last).headers.connection).toBe('close');
    await closed;
  });

  it('closes in spite of those who never end', async () => {
    const { server, address, control, call } = await anAdmin();
    control.stats = () => new Promise(() => {});
    const hanging = call('/stats').catch((error: Error) => error);
    const socket = net.connect(address.port, address.host);
    socket.on('error', () => {});
    socket.write('GET /stats HTTP/1.1\r\n');
    await once(socket, 'connect');
    await server.close();
    expect(await hanging).toBeInstanceOf(Error);
    socket.destroy();
  });

  it('hangs up on those who never come to an end, and lets in no more than it can bear', async () => {
    const { address, call } = await anAdmin();
    const unfinished = 'GET /stats HTTP/1.1\r\nHost: localhost\r\nX-Slow:';
    const answers = await Promise.all(Array.from({ length: 200 }, () => raw(address, unfinished)));
    const late = answers.filter((answer) => answer.startsWith('HTTP/1.1 408 ')).length;
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThanOrEqual(128);
    expect((await call('/healthz')).status).toBe(200);
  }, 30_000);
});
