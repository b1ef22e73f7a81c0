import { describe, expect, it } from 'vitest';
import { Loadbalancer, type Request, type SessionPolicy } from '../../src/index.ts';
import { cookieSessions, jwtSessions } from '../../src/sessions/index.ts';
import { aRequest, nativePool, RecordingLogger, RecordingService, RecordingWriter } from '../support.ts';
import { claims, hmacToken, NOW_S, SECRET, withToken } from './jwt-tokens.ts';

const json = (value: object) => ({ status: 200, data: JSON.stringify(value) });

function setUp(
  sessions: (backends: () => Loadbalancer['balancer']['backends']) => SessionPolicy | undefined,
) {
  const service = new RecordingService((url) => json({ host: new URL(url).host }));
  const policy = sessions(() => loadbalancer.balancer.backends);
  const loadbalancer: Loadbalancer = new Loadbalancer(service, nativePool(4), new RecordingLogger(), {
    strategy: 'round-robin',
    ...(policy === undefined ? {} : { clients: { sessions: policy } }),
  });
  /** Sends a request. @returns who answered, and the cookie that was set */
  const send = async (request: Request) => {
    const writer = new RecordingWriter();
    await loadbalancer.onRequest(request, writer);
    const { host } = JSON.parse(writer.responses[0]?.data ?? '{}') as { host: string };
    const cookies = writer.headers.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value);
    expect(cookies.length).toBeLessThanOrEqual(1);
    return { host, cookie: cookies[0]?.split(';')[0] };
  };
  return { balancer: loadbalancer.balancer, send };
}

describe('a Loadbalancer with cookies', () => {
  const withCookies = () => setUp((backends) => cookieSessions({ backends, secrets: [SECRET] }));
  const returning = (cookie = '') => aRequest('/', { headers: { cookie } });

  it('keeps each client where it is', async () => {
    const { send } = withCookies();
    const hosts = new Set<string>();
    for (let client = 0; client < 4; client++) {
      const { host, cookie } = await send(aRequest());
      hosts.add(host);
      for (let i = 0; i < 3; i++) expect(await send(returning(cookie))).toEqual({ host, cookie: undefined });
    }
    expect(hosts.size).toBe(4);
  });

  it('moves a client whose backend is down once, with a new cookie', async () => {
    const { balancer, send } = withCookies();
    const first = await send(aRequest());
    balancer.markDown(`http://${first.host}`);
    const second = await send(returning(first.cookie));
    expect(second.host).not.toBe(first.host);
    expect(second.cookie).toBeDefined();
    balancer.markUp(`http://${first.host}`);
    expect(await send(returning(second.cookie))).toEqual({ host: second.host, cookie: undefined });
  });

  it('leaves a client on a draining backend, to which nobody new goes', async () => {
    const { balancer, send } = withCookies();
    const { host, cookie } = await send(aRequest());
    void balancer.drain(`http://${host}`);
    expect(await send(returning(cookie))).toEqual({ host, cookie: undefined });
    for (let i = 0; i < 8; i++) expect((await send(aRequest())).host).not.toBe(host);
  });
});

it('a Loadbalancer with tokens keeps users where they are and places the others by its strategy', async () => {
  const { send } = setUp(() =>
    jwtSessions({ key: SECRET, algorithms: ['HS256'], limits: { now: () => NOW_S * 1_000 } }),
  );
  const ann = withToken(hmacToken());
  const { host, cookie } = await send(ann);
  expect(cookie).toBeUndefined();
  const strangers = new Set<string>();
  for (let i = 0; i < 8; i++) {
    expect((await send(ann)).host).toBe(host);
    strangers.add((await send(withToken(hmacToken(claims(), { alg: 'none' })))).host);
  }
  expect(strangers.size).toBe(4);
});
