// Tests a proxy before it is measured.

import { Agent, type IncomingMessage, request } from 'node:http';
import { type BodyPath, bodyOf } from './bodies.ts';
import { HOST } from './ports.ts';

const TIMEOUT_MS = 5_000;

/** A complete response. */
interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * Tests a proxy before it is measured: the right bytes, all origins in use, and the client's address passed
 * on.
 * @throws Error with a message of one line
 */
export async function assertProxies(
  name: string,
  port: number,
  origins: number,
  paths: readonly BodyPath[],
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const seen = new Set<string>();
    for (const path of paths) {
      const { status, headers, body } = await get(agent, port, path);
      if (status !== 200) throw new Error(`${name} responded to ${path} with ${status}`);
      if (!body.equals(bodyOf(path))) throw new Error(`${name} responded to ${path} with wrong bytes`);
      seen.add(String(headers['x-origin']));
    }
    // More requests than origins, as not every proxy begins with the first one.
    for (let i = 0; i < 2 * origins; i++)
      seen.add(String((await get(agent, port, '/1k')).headers['x-origin']));
    if (seen.size !== origins) throw new Error(`${name} uses ${seen.size} of ${origins} origins`);
    const forwardedFor = (await get(agent, port, '/forwarded-for')).body.toString();
    if (forwardedFor !== HOST)
      throw new Error(`${name} sends X-Forwarded-For: ${JSON.stringify(forwardedFor)}`);
  } finally {
    agent.destroy();
  }
}

function get(agent: Agent, port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, host: HOST, port, path, timeout: TIMEOUT_MS }, (response) => {
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
