import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { FetchHTTPService, Loadbalancer, LoggerService, UpstreamError } from '../../src/index.ts';
import { startAtTheFirst } from '../first-backend.ts';
import { aRequest, RecordingWriter } from '../support.ts';

startAtTheFirst();

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function start(answer: string): Promise<string> {
  const server = createServer((_request, response) => response.end(answer));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The address of a server that is gone. */
async function refusing(): Promise<string> {
  const url = await start('never');
  const server = servers.pop() as Server;
  await new Promise((resolve) => server.close(resolve));
  return url;
}

describe('failover over real sockets', () => {
  it('sends even a POST to the next backend where the connection is refused', async () => {
    const [dead, alive] = [await refusing(), await start('well')];
    const loadbalancer = new Loadbalancer(
      new FetchHTTPService(),
      [dead, alive],
      new LoggerService({ sink: () => {} }),
      {
        failover: true,
        strategy: 'round-robin',
      },
    );
    const writer = new RecordingWriter();
    for (let i = 0; i < 4; i++)
      await loadbalancer.onRequest(aRequest('/', { method: 'POST', payload: 'x' }), writer);
    expect(writer.errors).toEqual([]);
    expect(writer.responses.map(({ data }) => data)).toEqual(Array(4).fill('well'));
    expect(loadbalancer.stats().failover?.retries.unsent).toBeGreaterThan(0);
  });

  it('vouches that nothing was sent only where that is sure', async () => {
    const service = new FetchHTTPService();
    const failure = async (url: string) =>
      (await service.sendRequest(url, aRequest()).catch((error) => error)) as UpstreamError;
    expect(await failure(`${await refusing()}/`)).toMatchObject({
      code: 'ERR_LB_UPSTREAM',
      requestSent: false,
    });
    expect(await failure('http://no.such.host.invalid/')).toMatchObject({ requestSent: false });

    const server = createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    const cut = await failure(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(cut).toBeInstanceOf(UpstreamError);
    expect(cut.requestSent).toBeUndefined();
  });
});
