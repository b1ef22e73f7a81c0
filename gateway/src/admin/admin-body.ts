// Reads the JSON body of a call to the admin listener.
import type { IncomingMessage } from 'node:http';
import { AdminError, badRequest } from './admin-error.ts';

/** The largest body that is accepted. */
const MAX_BODY_BYTES = 1_048_576;

/**
 * Reads the JSON value of a request.
 * @param begin - called before the body is read, for clients that sent `Expect: 100-continue`
 * @throws AdminError with status 415 for another media type, 413 for more than 1 MiB, 400 for invalid JSON
 */
export async function jsonBody(request: IncomingMessage, begin: () => void): Promise<unknown> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') {
    throw new AdminError(415, 'ERR_ADMIN_MEDIA_TYPE', 'the header Content-Type must be application/json');
  }
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  begin();
  const bytes = await bytesOf(request);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw badRequest(`the body is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

/** Whether a request has a body. */
export function hasMore({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function bytesOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) {
        chunks.length = 0;
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => reject(badRequest('the body has not come to its end')));
    request.on('close', () => reject(badRequest('the body has not come to its end')));
  });
}

function tooLarge(): AdminError {
  return new AdminError(
    413,
    'ERR_ADMIN_BODY_TOO_LARGE',
    `the body must not have more than ${MAX_BODY_BYTES} bytes`,
  );
}
