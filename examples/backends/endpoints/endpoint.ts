// The interface of an endpoint.

import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request and the backend that received it. */
export interface Call {
  readonly backend: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Its path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** The handler for a path, or for all paths below it. */
export interface Endpoint {
  /** The path, such as `/slow`. A path that ends with `/` matches everything below it. */
  readonly path: string;
  /** A description of what it does. */
  readonly summary: string;
  /** @throws RangeError if the query is invalid; the response is then 400 */
  readonly answer: (call: Call) => void | Promise<void>;
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

export function sendJson(response: ServerResponse, value: unknown): void {
  const text = `${JSON.stringify(value, undefined, 2)}\n`;
  response.writeHead(200, {
    'cache-control': 'no-store',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/**
 * An integer of the query. @throws RangeError if it is not from 0 to `most`
 */
export function wholeNumber(query: URLSearchParams, name: string, fallback: number, most: number): number {
  const text = query.get(name) ?? String(fallback);
  if (/^\d+$/.test(text) && Number(text) <= most) return Number(text);
  throw new RangeError(`${name} must be an integer from 0 to ${most}, got ${JSON.stringify(text)}`);
}
