// Requests over each protocol that a gateway speaks with clients, each over a connection of its own.

import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as overHttp } from 'node:http';
import { connect } from 'node:http2';
import { request as overHttps } from 'node:https';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HOST } from '../../gateway/ports.ts';

/** A request. */
export interface WireRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number>>;
  /** The body of a POST. Left out: a GET. */
  readonly body?: Readable;
}

/** A protocol between clients and the gateway. */
export interface Wire {
  /** The name, as part of a figure's name. */
  readonly name: string;
  /** The name, as part of a sentence. */
  readonly title: string;
  /**
   * Sends a request. Nothing of the response's body is read.
   * @param ports - of the plain listener, and of that with TLS
   * @returns the body of the response
   * @throws Error if there is no response with status 200
   */
  send(ports: readonly number[], request: WireRequest): Promise<Readable>;
}

const http1 = (isSecure: boolean): Wire['send'] =>
  async function send([plain, secure], { path, headers, body }) {
    const method = body === undefined ? 'GET' : 'POST';
    const options = { agent: false, host: HOST, path, method, headers } as const;
    const outgoing: ClientRequest = isSecure
      ? overHttps({ ...options, port: secure, rejectUnauthorized: false })
      : overHttp({ ...options, port: plain });
    write(body, outgoing);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return good(response, response.statusCode);
  };

const http2: Wire['send'] = async ([, secure], { path, headers, body }) => {
  const session = connect(`https://${HOST}:${secure}`, { rejectUnauthorized: false });
  const method = body === undefined ? 'GET' : 'POST';
  const stream = session.request({ ...headers, ':method': method, ':path': path }, { endStream: !body });
  stream.once('close', () => session.close());
  session.on('error', (error) => stream.destroy(error));
  if (body !== undefined) write(body, stream);
  const [response] = await once(stream, 'response');
  return good(stream, response[':status']);
};

export const WIRES: readonly Wire[] = [
  { name: 'http1', title: 'HTTP/1.1', send: http1(false) },
  { name: 'tls', title: 'HTTP/1.1 over TLS', send: http1(true) },
  { name: 'http2', title: 'HTTP/2', send: http2 },
];

/** Writes a body. The response says what becomes of it. */
function write(body: Readable | undefined, outgoing: Writable): void {
  if (body === undefined) outgoing.end();
  else pipeline(body, outgoing).catch(() => {});
}

function good(response: Readable, status: number | undefined): Readable {
  if (status === 200) return response;
  response.on('error', () => {}).destroy();
  throw new Error(`status ${status}`);
}
