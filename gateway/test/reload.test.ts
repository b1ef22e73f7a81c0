import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../src/errors.ts';
import { handshake, SWITCH } from './conformance/cases/websocket-handshake.ts';
import { certificateFor } from './conformance/certificates.ts';
import type { Client } from './conformance/wire/client.ts';
import { header } from './conformance/wire/messages.ts';
import { get } from './conformance/wire/requests.ts';
import { type Reply, reply } from './conformance/wire/upstream.ts';
import { aGateway, anUpstream, endAll, type PoolInput, until, untilIdle } from './integration/gateway/lab.ts';

afterEach(endAll);

const SECRET = 'a secret that has 32 bytes or more';
const named = (name: string): Reply => reply('200 OK', [], name);

describe('reloads', () => {
  it('keep the sessions of clients, and what was counted', async () => {
    const upstreams = await Promise.all(['a', 'b', 'c'].map((name) => anUpstream({ complete: named(name) })));
    const sessions = { cookie: { secrets: [SECRET] } };
    const backends = upstreams.map(({ url }) => url);
    const { client, reload, gateway } = await aGateway({ backends, sessions });
    const one = await client();
    const [first] = await one.write(get('/1')).answered();
    const cookie = header(first!, 'set-cookie')?.split(';')[0] as string;
    const changes: PoolInput[] = [
      { backends, sessions, timeouts: { headersMs: 5_000 } },
      { backends: [...backends, 'http://127.0.0.1:1'], sessions, strategy: 'random' },
      { backends, sessions: { cookie: { secrets: ['another secret that has 32 bytes or more', SECRET] } } },
    ];
    for (const [i, change] of changes.entries()) {
      await reload(change);
      for (let j = 0; j < 5; j++) one.write(get(`/${i}-${j}`, `Cookie: ${cookie}`));
      const answers = await one.answered(1 + (i + 1) * 5);
      expect(new Set(answers.map(({ body }) => body.toString()))).toEqual(new Set([first?.body.toString()]));
    }
    const counts = gateway.stats().pools[0]?.backends.map(({ requests }) => requests);
    expect(counts?.reduce((sum, count) => sum + count, 0)).toBe(16);
    expect(gateway.stats().connections.accepted).toBe(1);
  });

  it('let a backend that is no longer there finish what it has', async () => {
    const waiting: Socket[] = [];
    const old = await anUpstream({ complete: (socket) => waiting.push(socket) });
    const next = await anUpstream({ complete: named('next') });
    const { client, reload, gateway } = await aGateway([old.url]);
    const [slow, tunnel] = [await client(), await client()];
    slow.write(get('/slow'));
    tunnel.write(handshake());
    await until(() => waiting.length === 2);
    await reload({ backends: [next.url], timeouts: { headersMs: 5_000 } });
    const [answer] = await (await client()).write(get('/new')).answered();
    expect(answer?.body.toString()).toBe('next');
    expect(old.connections.some(({ closed }) => closed)).toBe(false);
    for (const socket of waiting) {
      const isTunnel = old.connections.find((one) => one.socket === socket)?.bytes.includes('Upgrade');
      socket.write(isTunnel ? SWITCH : reply('200 OK', [], 'late'));
    }
    expect((await slow.answered())[0]?.body.toString()).toBe('late');
    await until(() => tunnel.text.startsWith('HTTP/1.1 101 '));
    tunnel.reset();
    await untilIdle(gateway);
    // Nobody needs its connections any more.
    await until(() => old.connections.every(({ closed, ended }) => closed || ended !== undefined));
    expect(old.requests()).toHaveLength(2);
  });

  it('lose no request that waits for its turn', async () => {
    const waiting: Socket[] = [];
    const upstream = await anUpstream({
      complete: (socket, request) => {
        if (request.startLine.includes('/first')) waiting.push(socket);
        else socket.write(reply('200 OK', [], 'served'));
      },
    });
    const pool = { backends: [upstream.url], maxInFlight: 1 };
    const { client, reload, gateway } = await aGateway(pool);
    const [first, second] = [await client(), await client()];
    first.write(get('/first'));
    await until(() => waiting.length === 1);
    second.write(get('/second'));
    await until(() => gateway.stats().pools[0]?.queue?.depth === 1);
    await reload({ ...pool, timeouts: { headersMs: 5_000 } });
    waiting[0]?.write(reply('200 OK', [], 'late'));
    expect((await first.answered())[0]?.body.toString()).toBe('late');
    expect((await second.answered())[0]?.body.toString()).toBe('served');
    await untilIdle(gateway);
  });

  it('refuse what is wrong, or needs a restart, and change nothing then', async () => {
    const upstream = await anUpstream({ complete: named('same') });
    const { client, reload, gateway, port } = await aGateway([upstream.url]);
    const { fingerprint } = gateway.stats().pools[0]!;
    const problemsOf = async (change: Promise<void>) => {
      const error = await change.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(ConfigError);
      return (error as ConfigError).problems;
    };
    const other = 'http://127.0.0.1:2';
    expect(await problemsOf(reload({ backends: [other, 'ftp://x'] }))).toEqual([
      expect.stringContaining('backends[1]'),
    ]);
    expect(await problemsOf(reload({ backends: [other], typo: true } as never))).toHaveLength(1);
    expect(await problemsOf(reload({ backends: [other] }, { listener: { port: 1 } }))).toEqual([
      'listeners can only be changed by a restart',
    ]);
    expect(await problemsOf(reload({ backends: [other] }, { workers: 2 }))).toEqual([
      'workers can only be changed by a restart',
    ]);
    const [answer] = await (await client()).write(get()).answered();
    expect(answer?.body.toString()).toBe('same');
    expect(gateway.stats().pools[0]?.fingerprint).toBe(fingerprint);
    expect(gateway.stats().events.map(({ type }) => type)).toEqual(['started']);
    expect(port).toBeGreaterThan(0);
  });

  it('take certificates for new handshakes, with and without a name, while connections go on', async () => {
    const [old, fresh] = [
      await certificateFor('a.test', 'old.test'),
      await certificateFor('a.test', 'fresh.test'),
    ];
    const upstream = await anUpstream();
    const withCertificate = (one: object) => ({ listener: { tls: { certificates: [one as typeof old] } } });
    const { client, reload } = await aGateway([upstream.url], withCertificate(old));
    const nameOf = ({ socket }: Client) => (socket as TLSSocket).getPeerCertificate().subjectaltname;
    const before = await client({ servername: 'a.test' });
    expect(nameOf(before)).toContain('old.test');
    await reload({ backends: [upstream.url] }, withCertificate(fresh));
    for (const options of [{ servername: 'a.test' }, { servername: 'other.test' }, {}])
      expect(nameOf(await client(options))).toContain('fresh.test');
    expect((await before.write(get()).answered())[0]?.status).toBe(200);
    await expect(
      reload({ backends: [upstream.url] }, withCertificate({ ...fresh, key: old.key })),
    ).rejects.toThrow(ConfigError);
    expect(nameOf(await client({ servername: 'a.test' }))).toContain('fresh.test');
  });
});
