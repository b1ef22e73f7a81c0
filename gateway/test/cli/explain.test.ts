import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { folder, KeptIo, ran } from './kept-io.ts';

const CONFIG = `
listeners: [{ port: 0 }]
pools:
  shop: { backends: [http://10.0.0.1:80, { url: 'http://10.0.0.2:80', weight: 0 }], strategy: maglev, affinity: { by: header, name: x-user } }
routes: [{ host: shop.example, path: /shop, pool: shop }]
`;

describe('evenkeel explain, of a file', () => {
  it('says where a request would go, and why', async () => {
    const file = folder()('gateway.yaml', CONFIG);
    const args = ['--path', '/shop?a=1', '--host', 'shop.example', '--header', 'X-User: ann'];
    const { code, out, err } = await ran('explain', '-c', file, ...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^GET shop\.example\/shop\?a=1\n\n {2}route {5}shop\.example, \/shop, to pool shop\n {2}strategy {2}maglev\n/,
    );
    expect(out).toMatch(/^ {2}key {7}"ann", at 0\.\d{4} of the ring, new$/m);
    expect(out).toMatch(/^ {2}picked {4}http:\/\/10\.0\.0\.1$/m);
    expect(out).toMatch(/^ {2}http:\/\/10\.0\.0\.2 {2}weight 0 /m);
  });

  it('says that no route fits', async () => {
    const file = folder()('gateway.yaml', CONFIG);
    const { code, out } = await ran('explain', '-c', file, '--path', '/other', '--method', 'POST');
    expect({ code, out }).toEqual({
      code: 0,
      out: 'POST /other\n\nNo route matches: the response is 404.\n',
    });
  });

  it('takes only an address for where the request comes from', async () => {
    const file = folder()('gateway.yaml', CONFIG);
    expect(await ran('explain', '-c', file, '--path', '/', '--client', 'nobody')).toEqual({
      code: 2,
      out: '',
      err: 'evenkeel: --client must be an IP address, got "nobody"\n',
    });
  });

  it('prints one JSON document where it is asked to', async () => {
    const file = folder()('gateway.yaml', CONFIG);
    const { out } = await ran('explain', '-c', file, '--path', '/shop', '--host', 'shop.example', '--json');
    expect(JSON.parse(out)).toMatchObject({
      route: { host: 'shop.example', path: '/shop', pool: 'shop' },
      explanation: { strategy: 'maglev' },
    });
  });
});

/** An admin listener that says what it is told to. */
async function admin(status: number, body: string) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

describe('evenkeel explain, of a running gateway', () => {
  it('asks its admin listener, with all that was said of the request', async () => {
    const { url, requests } = await admin(200, '{}');
    const io = new KeptIo();
    io.env.EVENKEEL_ADMIN_TOKEN = 'of-the-environment';
    const args = ['--path', '/a?b=c&d', '--host', 'h', '--method', 'PUT', '--client', '192.0.2.1'];
    const headers = ['--header', 'Cookie: a=1', '--header', 'cookie:b=2', '--header', 'X-Y:'];
    expect(await run(['explain', '--admin', url, ...args, ...headers], io)).toBe(0);
    expect(io.out).toContain('No route matches');
    const [request] = requests;
    expect(request?.headers.authorization).toBe('Bearer of-the-environment');
    const { pathname, searchParams } = new URL(request?.url ?? '', url);
    expect(pathname).toBe('/explain');
    expect([...searchParams]).toEqual([
      ['path', '/a?b=c&d'],
      ['host', 'h'],
      ['method', 'PUT'],
      ['clientAddress', '192.0.2.1'],
      ['header', 'cookie:a=1; b=2'],
      ['header', 'x-y:'],
    ]);
  });

  it.each([
    [['http://a', 'http://a'], [/^ {2}worker {4}1; all 2 workers choose alike$/m]],
    [
      ['http://a', 'http://b', 'http://a'],
      [/^ {2}worker {4}1$/m, /^ {2}note {6}worker 2 would pick http:\/\/b$/m],
    ],
  ])('says which worker answers, and which ones differ: %j', async (picks, lines) => {
    const file = folder()('gateway.yaml', CONFIG);
    const one = await ran('explain', '-c', file, '--path', '/shop', '--host', 'shop.example', '--json');
    const workers = picks.map((picked, i) => ({ worker: i + 1, picked }));
    const { url } = await admin(200, JSON.stringify({ ...JSON.parse(one.out), worker: 1, workers }));
    const { out } = await ran('explain', '--admin', url, '--path', '/shop');
    for (const line of lines) expect(out).toMatch(line);
  });

  it('prefers the token of the command line, and sends none where there is none', async () => {
    const { url, requests } = await admin(200, '{}');
    await ran('explain', '--admin', `${url}/`, '--path', '/', '--token', 'mine');
    await ran('explain', '--admin', url, '--path', '/');
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer mine', undefined]);
  });

  it.each<[number, string, string]>([
    [401, '{}', 'needs its token: set EVENKEEL_ADMIN_TOKEN'],
    [400, '{"message":"path is wrong"}', 'answered 400: path is wrong'],
    [404, 'nothing here', 'answered 404: the response is not one of an admin listener'],
    [200, 'nothing here', 'answered 200: the response is not one of an admin listener'],
    [200, 'null', 'answered 200: the response is not one of an admin listener'],
  ])('tells in one line of an answer %i %s', async (status, body, problem) => {
    const { url } = await admin(status, body);
    expect(await ran('explain', '--admin', url, '--path', '/')).toEqual({
      code: 1,
      out: '',
      err: `evenkeel: ${url} ${problem}\n`,
    });
  });

  it('tells in one line that nobody answers', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((resolve) => server.close(resolve));
    const { code, err } = await ran('explain', '--admin', url, '--path', '/');
    expect({ code, err }).toEqual({ code: 1, err: `evenkeel: ${url} does not answer: ECONNREFUSED\n` });
  });
});
