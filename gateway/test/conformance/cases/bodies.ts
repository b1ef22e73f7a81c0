import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Case, check } from '../case.ts';
import { exchange, onlyRequest, status } from '../judge.ts';
import { header } from '../wire/messages.ts';
import { sleep, until } from '../wire/poll.ts';
import { get, HOST, message, post } from '../wire/requests.ts';
import { reply } from '../wire/upstream.ts';

/** Every byte, many times, in an order that repeats at no power of two. */
const block = Buffer.from(Array.from({ length: 65_521 }, (_, i) => (i * 31 + (i >> 8)) & 255));
const MIB = 1_048_576;

const digest = (bytes: Iterable<Buffer>) => {
  const hash = createHash('sha256');
  for (const part of bytes) hash.update(part);
  return hash.digest('hex');
};

function* big(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= block.length)
    yield block.subarray(0, Math.min(left, block.length));
}

/** Reads so many bytes after a head, and gives their digest. */
function bodyDigest(socket: NodeJS.ReadableStream, length: number): Promise<string> {
  return new Promise((resolve) => {
    const hash = createHash('sha256');
    let start = '';
    let left = length;
    let inBody = false;
    socket.once('close', () => resolve('cut'));
    socket.on('data', (part: Buffer) => {
      let body = part;
      if (!inBody) {
        start += part.toString('latin1');
        const end = start.indexOf('\r\n\r\n');
        if (end < 0) return;
        inBody = true;
        body = Buffer.from(start.slice(end + 4), 'latin1');
      }
      hash.update(body);
      left -= body.length;
      if (left <= 0) resolve(hash.digest('hex'));
    });
  });
}

const untouched: readonly Case[] = [
  {
    id: 'R44',
    title: 'Range, If-Range, 206 in several parts and 416 pass as they are',
    run: async (lab) => {
      const parts =
        '--x\r\nContent-Range: bytes 0-1/9\r\n\r\nab\r\n--x\r\nContent-Range: bytes 4-5/9\r\n\r\nef\r\n--x--\r\n';
      const complete = reply(
        '206 Partial Content',
        ['Content-Type: multipart/byteranges; boundary=x'],
        parts,
      );
      const lines = ['Range: bytes=0-1,4-5', 'If-Range: "a"'];
      const outcome = await exchange(lab, get('/', ...lines), { script: { complete } });
      const answer = status(outcome, 206);
      check(String(answer.body) === parts, () => `got ${JSON.stringify(outcome.client.text)}`);
      const request = onlyRequest(outcome.upstream);
      check(
        header(request, 'range') === 'bytes=0-1,4-5' && header(request, 'if-range') === '"a"',
        'changed the request',
      );
      const refusal = reply('416 Range Not Satisfiable', ['Content-Range: bytes */9']);
      const refused = await exchange(lab, get('/', 'Range: bytes=99-'), { script: { complete: refusal } });
      check(header(status(refused, 416), 'content-range') === 'bytes */9', 'changed the 416');
      return '206, 416';
    },
  },
  {
    id: 'R45',
    title: 'a compressed body passes as it is, with its length',
    run: async (lab) => {
      const body = '\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0';
      const complete = Buffer.from(
        `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        'latin1',
      );
      const outcome = await exchange(lab, get('/', 'Accept-Encoding: gzip'), { script: { complete } });
      const answer = status(outcome, 200);
      check(answer.body.toString('latin1') === body, 'changed the body');
      check(header(answer, 'content-encoding') === 'gzip', 'lost Content-Encoding');
      check(header(answer, 'content-length') === String(body.length), 'lost Content-Length');
      return outcome.summary;
    },
  },
  {
    id: 'R49',
    title: 'an empty POST keeps Content-Length: 0',
    run: async (lab) => {
      const outcome = await exchange(lab, post(''));
      status(outcome, 200);
      check(
        header(onlyRequest(outcome.upstream), 'content-length') === '0',
        () => `got ${outcome.upstream.text}`,
      );
      return outcome.summary;
    },
  },
  {
    id: 'R50',
    title: 'headers of caching pass as they are',
    run: async (lab) => {
      const lines = [
        'Cache-Control: max-age=60, stale-while-revalidate=30',
        'ETag: W/"a,b"',
        'Vary: Accept-Encoding, X-A',
        'Age: 7',
        'Expires: Thu, 01 Jan 1970 00:00:00 GMT',
        'Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT',
        'Date: Wed, 21 Oct 2015 07:28:01 GMT',
      ];
      const ask = [
        'If-None-Match: "a", W/"b"',
        'If-Modified-Since: Wed, 21 Oct 2015 07:28:00 GMT',
        'Cache-Control: no-cache',
      ];
      const outcome = await exchange(lab, get('/', ...ask), {
        script: { complete: reply('200 OK', lines, 'ok') },
      });
      const answer = status(outcome, 200);
      const compare = (message: Parameters<typeof header>[0], line: string) => {
        const [name = '', value] = line.split(/: (.*)/);
        check(header(message, name) === value, () => `${name}: ${header(message, name)}`);
      };
      for (const line of lines) compare(answer, line);
      for (const line of ask) compare(onlyRequest(outcome.upstream), line);
      return `${lines.length + ask.length} headers`;
    },
  },
];

const streamed: readonly Case[] = [
  {
    id: 'R46',
    title: '100 MiB arrive byte for byte, both ways',
    alone: true,
    run: async (lab) => {
      const length = 100 * MIB;
      const expected = digest(big(length));
      const uploads: Promise<string>[] = [];
      const { port } = await lab.pair({
        connect: (socket) => {
          const upload = bodyDigest(socket, length);
          uploads.push(upload);
          void upload.then(() => {
            socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
            Readable.from(big(length)).pipe(socket, { end: false });
          });
        },
      });
      const { socket } = await lab.client(port);
      socket.removeAllListeners('data');
      const download = bodyDigest(socket, length);
      socket.write(message('POST / HTTP/1.1', [HOST, `Content-Length: ${length}`]));
      Readable.from(big(length)).pipe(socket, { end: false });
      const down = await download;
      const up = await uploads[0];
      check(up === expected, 'the upload is not the same');
      check(down === expected, 'the download is not the same');
      return 'the same SHA-256';
    },
  },
  {
    id: 'R47',
    title: 'each event of a stream arrives before the next one is written',
    run: async (lab) => {
      let next: (i: number) => void = () => {};
      const { port } = await lab.pair({
        complete: (socket) => {
          socket.write(
            'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
          );
          lab.after(() => socket.destroy());
          next = (i) => socket.write(`9\r\ndata: ${i}\n\n\r\n`);
        },
      });
      const client = await lab.client(port);
      client.write(get('/', 'Accept: text/event-stream'));
      let slowest = 0;
      await until(() => client.text.includes('200 OK') || client.ended !== undefined, 1_000);
      for (let i = 0; i < 5; i++) {
        await sleep(20);
        const writtenAt = performance.now();
        next(i);
        check(await until(() => client.text.includes(`data: ${i}\n\n`), 2_000, 1), `event ${i} is held back`);
        slowest = Math.max(slowest, performance.now() - writtenAt);
      }
      return `at most ${slowest.toFixed(0)} ms`;
    },
  },
  {
    id: 'R48',
    title: '10,000 chunks of one byte',
    run: async (lab) => {
      const body = Array.from({ length: 10_000 }, (_, i) => String(i % 10)).join('');
      const chunks = [...body].map((byte) => `1\r\n${byte}\r\n`).join('');
      const complete = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
      const bytes = message('POST / HTTP/1.1', [HOST, 'Transfer-Encoding: chunked'], `${chunks}0\r\n\r\n`);
      const outcome = await exchange(lab, bytes, { script: { complete }, timeoutMs: 10_000 });
      check(String(status(outcome, 200).body) === body, 'the answer is not the same');
      check(String(onlyRequest(outcome.upstream).body) === body, 'the request is not the same');
      return outcome.summary;
    },
  },
];

export const bodies: readonly Case[] = [...untouched, ...streamed];
