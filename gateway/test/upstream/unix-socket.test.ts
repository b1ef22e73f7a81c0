import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { engineEntry, socketOfHost, socketPath, writtenUrl } from '../../src/config/unix-socket.ts';
import { get } from '../conformance/wire/requests.ts';
import { aGateway, atTheEnd, endAll, until } from '../integration/gateway/lab.ts';

afterEach(endAll);

describe('the address of a unix socket', () => {
  it('is a host for the engine, and itself again for people', () => {
    const { url, id } = engineEntry<{ url: string; id?: string }>({ url: 'unix:/run/Ä b.sock' });
    expect(id).toBe('unix:/run/Ä b.sock');
    expect(socketOfHost(new URL(url).hostname)).toBe('/run/Ä b.sock');
    expect(writtenUrl(url)).toBe('unix:/run/Ä b.sock');
    expect(writtenUrl('http://a.localhost')).toBe('http://a.localhost');
    expect(engineEntry({ url: 'http://a', id: 'b' })).toEqual({ url: 'http://a', id: 'b' });
  });

  it.each(['unix:', 'unix:run/app.sock', `unix:/${'x'.repeat(103)}`, 'unix:/a\0b', 'http://unix:/x'])(
    'is not %j',
    (text) => expect(socketPath(text)).toBeUndefined(),
  );
});

describe('a backend at a unix socket', () => {
  it('gets requests and health checks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
    const path = join(folder, 'app.sock');
    const hosts: (string | undefined)[] = [];
    const server = http.createServer(({ url, headers }, response) => {
      if (url === '/health') hosts.push(headers.host);
      response.end(`${url} of ${headers.host}`);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    atTheEnd(() => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    });
    const { client, backends } = await aGateway({ backends: [`unix:${path}`], health: true });
    const [answer] = await (await client()).write(get('/x')).answered();
    expect(answer?.body.toString()).toBe('/x of a.test');
    await until(() => hosts.length > 0);
    expect(hosts[0]).toBe('localhost');
    expect(backends()).toMatchObject([{ id: `unix:${path}`, url: `unix:${path}` }]);
  });
});
