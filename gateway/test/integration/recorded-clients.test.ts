// Requests of real clients, as they were recorded, byte by byte: curl, Java, Go, httpx, Chromium, Firefox.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { header, type Message, readRequests } from '../conformance/wire/messages.ts';
import { type Reply, reply } from '../conformance/wire/upstream.ts';
import { aGateway, anUpstream, endAll, untilIdle } from './gateway/lab.ts';

afterEach(endAll);

interface Recorded {
  readonly client: string;
  readonly requests: readonly string[];
}

const RECORDED: readonly Recorded[] = JSON.parse(
  readFileSync(new URL('../recorded/clients.json', import.meta.url), 'utf8'),
);
const NAMES = ['curl', "Java's HttpClient", "Go's net/http", "Python's httpx", 'Chromium', 'Firefox'];

const methodOf = ({ startLine }: Message) => startLine.split(' ')[0] as string;
const here: Reply = (socket, request) => {
  const whole = reply('200 OK', [], 'here');
  socket.write(methodOf(request) === 'HEAD' ? whole.slice(0, -'here'.length) : whole);
};

it('there are requests of each client', () => {
  expect(RECORDED.map(({ client }) => client.slice(0, client.lastIndexOf(' ')))).toEqual(NAMES);
  for (const { requests } of RECORDED) expect(requests.length).toBeGreaterThan(4);
});

describe.each(RECORDED)('$client', ({ requests }) => {
  it.each([
    ['in one piece', Number.POSITIVE_INFINITY],
    ['in pieces of 61 bytes', 61],
  ])('is served, its requests %s', async (_, size) => {
    const upstream = await anUpstream({ complete: here });
    const { client, gateway } = await aGateway([upstream.url]);
    for (const [i, bytes] of requests.entries()) {
      const [sent] = readRequests(Buffer.from(bytes, 'latin1')) as [Message];
      const one = await client();
      one.methods.push(methodOf(sent));
      for (let from = 0; from < bytes.length; from += size) {
        one.socket.write(bytes.slice(from, from + size), 'latin1');
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [answer] = await one.answered();
      expect([answer?.status, answer?.complete], bytes).toEqual([200, true]);
      const got = upstream.requests()[i];
      expect([got?.startLine, got?.body.toString('latin1')]).toEqual([
        sent.startLine.replace('HTTP/1.0', 'HTTP/1.1'),
        sent.body.toString('latin1'),
      ]);
      for (const name of ['user-agent', 'content-type', 'accept', 'host'])
        expect(header(got as Message, name), name).toBe(header(sent, name));
    }
    await untilIdle(gateway);
  });
});
