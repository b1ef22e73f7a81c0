// Tests a proxy before it is measured.

import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { connect } from 'node:tls';
import { type BodyPath, bodyOf } from './bodies.ts';
import { HOST } from './ports.ts';
import type { TlsFiles } from './tls-files.ts';

const TIMEOUT_MS = 5_000;
/** What each side of each proxy prefers, so that all spend the same on it. */
const CIPHER = 'TLSv1.3 with TLS_AES_256_GCM_SHA384';

/** The proxy to test. */
export interface Suspect {
  readonly name: string;
  readonly port: number;
  /** What it ends TLS with; `undefined` if it speaks plain HTTP. */
  readonly tls: TlsFiles | undefined;
}

/** A complete response. */
interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Get = (path: string, headers?: OutgoingHttpHeaders) => Promise<Answer>;

/**
 * Tests a proxy before it is measured: the right bytes, all origins in use, the client's address passed on,
 * connections closed when asked, and the same TLS as the others.
 * @throws Error with a message of one line
 */
export async function assertProxies(
  suspect: Suspect,
  origins: number,
  paths: readonly BodyPath[],
): Promise<void> {
  const options = { keepAlive: true, maxSockets: 1 };
  const { tls } = suspect;
  const agent =
    tls === undefined ? new Agent(options) : new TlsAgent({ ...options, ca: readFileSync(tls.cert) });
  try {
    await assertForwards(
      suspect.name,
      (path, headers = {}) => get(suspect, agent, { path, headers }),
      origins,
      paths,
    );
  } finally {
    agent.destroy();
  }
  if (tls !== undefined) await assertFullHandshakes(suspect.name, suspect.port, readFileSync(tls.cert));
}

async function assertForwards(
  name: string,
  get: Get,
  origins: number,
  paths: readonly BodyPath[],
): Promise<void> {
  const seen = new Set<string>();
  for (const path of paths) {
    const { status, headers, body } = await get(path);
    if (status !== 200) throw new Error(`${name} responded to ${path} with ${status}`);
    if (!body.equals(bodyOf(path))) throw new Error(`${name} responded to ${path} with wrong bytes`);
    seen.add(String(headers['x-origin']));
  }
  // More requests than origins, as not every proxy begins with the first one.
  for (let i = 0; i < 2 * origins; i++) seen.add(String((await get('/1k')).headers['x-origin']));
  if (seen.size !== origins) throw new Error(`${name} uses ${seen.size} of ${origins} origins`);
  // Otherwise a client that asks for a connection of its own would get the same one again.
  const last = await get('/1k', { Connection: 'close' });
  if (last.headers.connection !== 'close') throw new Error(`${name} does not obey Connection: close`);
  const forwardedFor = (await get('/forwarded-for')).body.toString();
  if (forwardedFor !== HOST)
    throw new Error(`${name} sends X-Forwarded-For: ${JSON.stringify(forwardedFor)}`);
}

function get(
  { port, tls }: Suspect,
  agent: Agent,
  { path, headers }: { path: string; headers: OutgoingHttpHeaders },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { agent, host: HOST, port, path, headers, timeout: TIMEOUT_MS };
    const outgoing = (tls === undefined ? request : tlsRequest)(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no response for ${path}`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** What a client learns of a TLS connection. */
interface Handshake {
  readonly cipher: string;
  readonly wasResumed: boolean;
  /** For the next connection; `undefined` if the server gave none. */
  readonly session: Buffer | undefined;
}

async function assertFullHandshakes(name: string, port: number, ca: Buffer): Promise<void> {
  const { cipher, session } = await handshake(port, ca, undefined);
  if (cipher !== CIPHER) throw new Error(`${name} uses ${cipher} and not ${CIPHER}`);
  const again = await handshake(port, ca, session);
  if (again.wasResumed) throw new Error(`${name} resumes TLS sessions`);
}

/** Sends one request and reads to the end, as sessions of TLS 1.3 come after the handshake. */
function handshake(port: number, ca: Buffer, session: Buffer | undefined): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    let next: Buffer | undefined;
    const socket = connect({ host: HOST, port, ca, ...(session === undefined ? {} : { session }) });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no response over TLS')));
    socket.on('session', (given: Buffer) => (next = given));
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      const cipher = `${socket.getProtocol()} with ${socket.getCipher().name}`;
      const wasResumed = socket.isSessionReused();
      socket.on('end', () => resolve({ cipher, wasResumed, session: next }));
      socket.resume();
      socket.write('GET /1k HTTP/1.1\r\nHost: bench.example\r\nConnection: close\r\n\r\n');
    });
  });
}
