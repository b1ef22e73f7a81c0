import { afterEach, describe, expect, it } from 'vitest';
import { header } from '../conformance/wire/messages.ts';
import { get } from '../conformance/wire/requests.ts';
import { reply } from '../conformance/wire/upstream.ts';
import { aGateway, anUpstream, endAll, refusingUrl } from '../integration/gateway/lab.ts';

afterEach(endAll);

const SECRET = 'a secret that has 32 bytes or more';
const CORS = { 'Access-Control-Allow-Origin': 'https://app.example' };

describe("the gateway's own responses", () => {
  it('have the headers of their route, so that a page of another origin can read them', async () => {
    const backends = [await refusingUrl()];
    const routes = [
      { pool: 'shop', responseHeaders: { set: CORS, remove: ['Cache-Control'] } },
      { path: '/upload', pool: 'shop', responseHeaders: { set: CORS }, limits: { bodyBytes: 0 } },
      { path: '/ws', pool: 'shop', responseHeaders: { set: CORS } },
      { path: '/old', redirect: { host: 'new.example' }, responseHeaders: { set: CORS } },
    ];
    const { client } = await aGateway(backends, { routes });
    const upgrade = get('/ws', 'Connection: Upgrade', 'Upgrade: x');
    for (const [bytes, status] of [
      [get('/'), 502],
      [`${get('/upload', 'Content-Length: 5')}hello`, 413],
      [upgrade, 502],
      [get('/old'), 308],
    ] as const) {
      const [answer] = await (await client()).write(bytes).answered();
      expect(answer?.status).toBe(status);
      expect(header(answer!, 'access-control-allow-origin')).toBe('https://app.example');
    }
    const [answer] = await (await client()).write(get('/')).answered();
    expect(header(answer!, 'cache-control')).toBeUndefined();
  });
});

describe('a session cookie', () => {
  it.each([
    ['public, max-age=3600', undefined, 'public, max-age=3600'],
    ['no-cache', 'evenkeel', 'private, no-cache'],
    ['private', 'evenkeel', 'private'],
  ])('and Cache-Control: %s', async (control, name, kept) => {
    const upstream = await anUpstream({ complete: reply('200 OK', [`Cache-Control: ${control}`], 'css') });
    const { client } = await aGateway({
      backends: [upstream.url],
      sessions: {
        cookie: { secrets: [SECRET], sameSite: 'none', domain: 'Shop.Example', partitioned: true },
      },
    });
    const [answer] = await (await client()).write(get('/app.css')).answered();
    expect(header(answer!, 'set-cookie')?.split('=')[0]).toBe(name);
    expect(header(answer!, 'cache-control')).toBe(kept);
    if (name !== undefined)
      expect(header(answer!, 'set-cookie')).toMatch(
        /; Path=\/; Domain=shop\.example; HttpOnly; SameSite=None; Secure; Partitioned$/,
      );
  });
});
