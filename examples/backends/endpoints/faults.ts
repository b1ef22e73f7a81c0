import { setTimeout as sleep } from 'node:timers/promises';
import { type Endpoint, sendText, wholeNumber } from './endpoint.ts';

const LONGEST_MS = 600_000;
/** What `/abort` promises, and what it sends of that. */
const PROMISED_BYTES = 65_536;
const SENT_BYTES = 1_024;

export const slow: Endpoint = {
  path: '/slow',
  summary: 'answers after ?ms=1000 milliseconds',
  async answer({ response, query }) {
    const ms = wholeNumber(query, 'ms', 1_000, LONGEST_MS);
    await sleep(ms, undefined, { ref: false });
    sendText(response, 200, `after ${ms} ms\n`);
  },
};

export const hang: Endpoint = {
  path: '/hang',
  summary: 'never answers',
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
    // What has been written must be out before the connection ends.
    response.write(Buffer.alloc(SENT_BYTES, 'a'), () => request.socket.destroy());
  },
};

export const reset: Endpoint = {
  path: '/reset',
  summary: 'resets the connection instead of an answer',
  answer: ({ request }) => void request.socket.resetAndDestroy(),
};

export const status: Endpoint = {
  path: '/status/',
  summary: 'answers with the status that stands there: /status/503',
  answer({ response, path }) {
    const text = path.slice('/status/'.length);
    if (!/^[2-5]\d\d$/.test(text))
      throw new RangeError(`a status is from 200 to 599, got ${JSON.stringify(text)}`);
    const code = Number(text);
    const hasBody = code !== 204 && code !== 205 && code !== 304;
    if (hasBody) sendText(response, code, `status ${code}\n`);
    else response.writeHead(code).end();
  },
};
