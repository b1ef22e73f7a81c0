// Bodies of many clients that take their time: each gets its own bytes, whatever memory these pass through.
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { createProxy } from '../../src/proxy.ts';
import { aGateway, atTheEnd, endAll } from './gateway/lab.ts';

afterEach(endAll);

const CLIENTS = 6;
/** More than the kernel takes for a client that does not read. */
const BODY_BYTES = 6_000_000;

async function listening(server: http.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atTheEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers with a body of one number, in pieces of odd sizes, with a length or in chunks. */
function aBackend(): Promise<string> {
  return listening(
    http.createServer((request, response) => {
      const number = Number(request.url?.slice(1));
      if (number % 2 === 0) response.setHeader('Content-Length', BODY_BYTES);
      let [left, size] = [BODY_BYTES, 5];
      const push = () => {
        while (left > 0) {
          const piece = Buffer.alloc(Math.min(left, size), number);
          left -= piece.length;
          size = (size * 7) % 90_001;
          if (!response.write(piece)) break;
        }
        if (left === 0) response.end();
        else response.once('drain', push);
      };
      push();
    }),
  );
}

/** How many bytes are of a number, read with pauses. */
async function countOf(number: number, body: Readable): Promise<number> {
  let count = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (chunk.equals(Buffer.alloc(chunk.length, number))) count += chunk.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return count;
}

async function expectOwnBodies(read: (number: number) => Promise<Readable>): Promise<void> {
  const numbers = Array.from({ length: CLIENTS }, (_, index) => index + 1);
  const bodies = await Promise.all(numbers.map(read));
  const counts = await Promise.all(bodies.map((body, index) => countOf(index + 1, body)));
  expect(counts).toEqual(numbers.map(() => BODY_BYTES));
}

const overHttp1 = (url: string) => (number: number) =>
  new Promise<Readable>((resolve, reject) => {
    http.get(`${url}/${number}`, { agent: false }, resolve).on('error', reject);
  });

describe('a client that takes its time gets its own bytes', () => {
  it('over HTTP/1.1', async () => {
    const { port } = await aGateway([await aBackend()]);
    await expectOwnBodies(overHttp1(`http://127.0.0.1:${port}`));
  });

  it('over HTTP/2', async () => {
    const { port } = await aGateway([await aBackend()], { listener: { h2c: true } });
    const session = http2.connect(`http://127.0.0.1:${port}`);
    atTheEnd(() => session.destroy());
    await expectOwnBodies(async (number) => session.request({ ':path': `/${number}` }));
  });

  it('of a server of the host', async () => {
    const proxy = createProxy({ backends: [await aBackend()], health: false });
    atTheEnd(() => proxy.close());
    const server = http.createServer((request, response) => proxy.handle(request, response));
    await expectOwnBodies(overHttp1(await listening(server)));
  });
});
