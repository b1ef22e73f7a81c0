// Health checks as a backend gets them, and what is read of its responses.
import { afterEach, describe, expect, it } from 'vitest';
import { checkService } from '../../src/upstream/backend-checks.ts';
import { RawServer } from '../http1/raw-server.ts';
import { resolvedPool } from '../resolved.ts';

const servers: RawServer[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A check of a backend that answers with a text. */
async function checked(
  text: string,
  request: Partial<Parameters<ReturnType<typeof checkService>['sendRequest']>[1]> = {},
) {
  const server = await RawServer.start();
  servers.push(server);
  const service = checkService(resolvedPool({ backends: [server.url] }), () => undefined);
  const controller = new AbortController();
  const result = service.sendRequest(
    `${server.url}/health?deep=1`,
    { id: '1', method: 'GET', path: '/health', payload: '', ...request },
    { signal: controller.signal },
  );
  const connection = await server.connection(0);
  connection.write(text);
  return { service, connection, controller, result };
}

describe('a health check', () => {
  it('has a connection of its own, which it closes', async () => {
    const { connection, result } = await checked(
      'HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nContent-Length: 2\r\n\r\nok',
    );
    expect(await result).toEqual({ status: 200, data: 'ok', headers: { a: '1, 2', 'content-length': '2' } });
    await connection.closed();
    const port = connection.socket.localPort;
    expect(connection.text).toBe(
      `GET /health?deep=1 HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nuser-agent: evenkeel\r\naccept: */*\r\nconnection: close\r\n\r\n`,
    );
  });

  it('sends the headers and the payload that it is given', async () => {
    const headers = { Host: 'inner', 'X-Check': ['1', '2'], Connection: 'keep-alive' };
    const { connection, result } = await checked('HTTP/1.1 204 \r\n\r\n', {
      method: 'POST',
      headers,
      payload: 'é',
    });
    await result;
    expect(connection.text).toMatch(/^POST .*\r\nHost: inner\r\n/);
    expect(connection.text).toMatch(
      /\r\nX-Check: 1\r\nX-Check: 2\r\nconnection: close\r\nContent-Length: 2\r\n\r\n../,
    );
    expect(connection.text).not.toContain('keep-alive');
  });

  it('reads no more than 64 KiB', async () => {
    const { connection, result } = await checked(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(100_000)}`);
    expect((await result).data).toBe('x'.repeat(65_536));
    await connection.closed();
  });

  it('tells why it failed, whoever ended it', async () => {
    await expect((await checked('garbage')).result).rejects.toThrow(
      /^GET .* failed: the response is not valid/,
    );
    const aborted = await checked('');
    aborted.controller.abort(new Error('too late'));
    await expect(aborted.result).rejects.toThrow('too late');
    await aborted.connection.closed();
    const closed = await checked('');
    closed.service.close();
    await expect(closed.result).rejects.toThrow('the connections were closed');
  });
});
