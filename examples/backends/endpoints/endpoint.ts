import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request, and who it came to. */
export interface Call {
  readonly backend: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Its path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** What answers requests to one path, or to all below it. */
export interface Endpoint {
  /** `/slow`; one that ends with `/` stands for everything below. */
  readonly path: string;
  /** What it does, for people. */
  readonly summary: string;
  /** @throws RangeError where the query is wrong, which is answered with 400 */
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
 * A whole number from the query.
 * @throws RangeError where it is not one from 0 to `most`
 */
export function wholeNumber(query: URLSearchParams, name: string, fallback: number, most: number): number {
  const text = query.get(name) ?? String(fallback);
  if (/^\d+$/.test(text) && Number(text) <= most) return Number(text);
  throw new RangeError(`${name} must be an integer from 0 to ${most}, got ${JSON.stringify(text)}`);
}
