// Endpoints with faults.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Endpoint, sendText, wholeNumber } from './endpoint.ts';

const LONGEST_MS = 600_000;
/** The announced length of the response of `/abort`, and the bytes that are sent. */
const PROMISED_BYTES = 65_536;
const SENT_BYTES = 1_024;

export const slow: Endpoint = {
  path: '/slow',
  summary: 'responds after ?ms=1000 milliseconds',
  async answer({ response, query }) {
    const ms = wholeNumber(query, 'ms', 1_000, LONGEST_MS);
    await sleep(ms, undefined, { ref: false });
    sendText(response, 200, `after ${ms} ms\n`);
  },
};

export const hang: Endpoint = {
  path: '/hang',
  summary: 'never responds',
  answer: () => {},
};

export const abort: Endpoint = {
  path: '/abort',
  summary: `dies in mid-body, with or without a content-length (?chunked=1)`,
  answer({ request, response, query }) {
    const isChunked = query.get('chunked') === '1';
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      ...(!isChunked && { 'content-length': PROMISED_BYTES }),
    });
    // The written bytes must be sent before the connection is closed.
    response.write(Buffer.alloc(SENT_BYTES, 'a'), () => request.socket.destroy());
  },
};

export const reset: Endpoint = {
  path: '/reset',
  summary: 'resets the connection instead of responding',
  answer: ({ request }) => void request.socket.resetAndDestroy(),
};

export const status: Endpoint = {
  path: '/status/',
  summary: 'responds with the given status: /status/503',
  answer({ response, path }) {
    const text = path.slice('/status/'.length);
    if (!/^[2-5]\d\d$/.test(text))
      throw new RangeError(`status must be from 200 to 599, got ${JSON.stringify(text)}`);
    const code = Number(text);
    const hasBody = code !== 204 && code !== 205 && code !== 304;
    if (hasBody) sendText(response, code, `status ${code}\n`);
    else response.writeHead(code).end();
  },
};
