// The endpoint `/echo`.

import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Call, type Endpoint, sendJson, sendText } from './endpoint.ts';

/** The response of `/echo`: the request as it was received. */
export interface Echo {
  readonly backend: string;
  readonly method: string;
  /** The target of the request line, with the query. */
  readonly path: string;
  readonly httpVersion: string;
  /** The headers in their order and spelling; a name may occur more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly body: { readonly bytes: number; readonly sha256: string };
}

export const ping: Endpoint = {
  path: '/ping',
  summary: 'GET: the name of the backend; POST: also the number of received bytes',
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
  summary: 'the received request as JSON: method, path, headers, trailers, length and SHA-256 of the body',
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

/** Reads a body to its end in constant memory. */
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
