// Endpoints with streams.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Endpoint, wholeNumber } from './endpoint.ts';

const MOST_BYTES = 2 ** 40;
const MOST_EVENTS = 1_000_000;
const PIECE = Buffer.alloc(65_536, 'evenkeel\n');

export const big: Endpoint = {
  path: '/big',
  summary: 'streams ?bytes=1048576, with a content-length or without one (?chunked=1)',
  async answer({ request, response, query }) {
    const bytes = wholeNumber(query, 'bytes', 1_048_576, MOST_BYTES);
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      ...(query.get('chunked') !== '1' && { 'content-length': bytes }),
    });
    if (request.method === 'HEAD') response.end();
    else
      await pipeline(
        Readable.from(pieces(bytes), { objectMode: false, highWaterMark: PIECE.length }),
        response,
      );
  },
};

function* pieces(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= PIECE.length) {
    yield left >= PIECE.length ? PIECE : PIECE.subarray(0, left);
  }
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const events: Endpoint = {
  path: '/events',
  summary: '?count=10 server-sent events (0 for no end), one every ?ms=1000 milliseconds',
  async answer({ backend, response, query }) {
    const ms = wholeNumber(query, 'ms', 1_000, 60_000);
    const count = wholeNumber(query, 'count', 10, MOST_EVENTS);
    response.writeHead(200, { 'cache-control': 'no-store', 'content-type': 'text/event-stream' });
    for (let id = 1; !response.destroyed; id++) {
      response.write(`id: ${id}\ndata: ${JSON.stringify({ backend, event: id })}\n\n`);
      if (id === count) break;
      await sleep(ms, undefined, { ref: false });
    }
    response.end();
  },
};
