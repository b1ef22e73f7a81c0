import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Call, type Endpoint, sendJson, sendText } from './endpoint.ts';

/** What `/echo` answers: what arrived, as it arrived. */
export interface Echo {
  readonly backend: string;
  readonly method: string;
  /** As in the request line, with the query. */
  readonly path: string;
  readonly httpVersion: string;
  /** In their order and with their upper and lower case; a name may come more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly body: { readonly bytes: number; readonly sha256: string };
}

export const ping: Endpoint = {
  path: '/ping',
  summary: 'GET says who answers; POST says it, and how many bytes came',
  async answer({ backend, request, response }) {
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') {
      response.setHeader('allow', 'GET, HEAD, POST');
      sendText(response, 405, 'GET or POST\n');
      return;
    }
    const { bytes } = await digest(request);
    sendJson(response, { message: 'pong', backend, ...(method === 'POST' && { bytes }) });
  },
};

export const echo: Endpoint = {
  path: '/echo',
  summary: 'tells as JSON what arrived: method, path, headers, trailers, length and SHA-256 of the body',
  answer: async ({ backend, request, response }: Call) => {
    const body = await digest(request);
    const arrived: Echo = {
      backend,
      method: request.method ?? '',
      path: request.url ?? '',
      httpVersion: request.httpVersion,
      headers: pairs(request.rawHeaders),
      trailers: pairs(request.rawTrailers),
      body,
    };
    sendJson(response, arrived);
  },
};

/** Reads a body to its end, in constant memory. */
async function digest(request: IncomingMessage): Promise<Echo['body']> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  return { bytes, sha256: hash.digest('hex') };
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [
    flat[2 * i] as string,
    flat[2 * i + 1] as string,
  ]);
}
