// Clients that send requests at a steady rate, and what they see of it.
import { type Agent, request as httpRequest, type OutgoingHttpHeaders } from 'node:http';

/** A request of a client. */
export interface Sent {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

/** A request that ended in an error. */
export interface Failed extends Sent {
  /** When it was sent, in milliseconds of `performance.now()`. */
  readonly at: number;
  /** A status, or the code of an error. */
  readonly kind: string;
}

/** What clients saw. */
export interface Seen {
  readonly requests: number;
  readonly failed: readonly Failed[];
}

const INTERVAL_MS = 20;

/**
 * Sends requests until it is stopped, GET and POST by turns.
 * @param perSecond - requests
 * @param send - @returns the status, @throws what went wrong
 * @returns a function that stops it, waits for the responses, and returns what was seen
 */
export function steadyClients(
  name: string,
  perSecond: number,
  send: (request: Sent) => Promise<number>,
): () => Promise<Seen> {
  let requests = 0;
  const failed: Failed[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  const one = async (): Promise<void> => {
    const number = requests++;
    const path = `/item/${(number * 7) % 1_000}`;
    const sent: Sent = { id: `${name}-${number}`, method: number % 2 === 0 ? 'GET' : 'POST', path };
    const at = performance.now();
    try {
      const status = await send(sent);
      if (status >= 500) failed.push({ ...sent, at, kind: String(status) });
    } catch (error) {
      failed.push({ ...sent, at, kind: kindOf(error) });
    }
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1_000) * perSecond;
    while (requests < due) {
      const promise = one();
      underWay.add(promise);
      void promise.then(() => underWay.delete(promise));
    }
  }, INTERVAL_MS);
  return async () => {
    clearInterval(timer);
    await Promise.all(underWay);
    return { requests, failed };
  };
}

function kindOf(error: unknown): string {
  const { code, cause, message } = error as Error & { code?: string; cause?: { code?: string } };
  return cause?.code ?? code ?? message;
}

/** How a request goes to a port of this machine. */
export interface Way {
  readonly agent: Agent;
  readonly port: number;
  readonly headers?: OutgoingHttpHeaders;
}

/** Sends a request, with a small body where it is a POST, and reads the response. @returns the status */
export function sendTo({ agent, port, headers }: Way, { method, path }: Sent): Promise<number> {
  const payload = method === 'POST' ? 'payload' : '';
  const own = { ...headers, ...(payload !== '' && { 'content-length': payload.length }) };
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method, agent, headers: own },
      (response) => {
        response
          .resume()
          .on('end', () => resolve(response.statusCode as number))
          .on('error', reject);
      },
    );
    request.on('error', reject).end(payload);
  });
}
