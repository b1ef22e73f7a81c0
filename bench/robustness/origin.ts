import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODIES, type BodyPath, bodyOf } from '../gateway/bodies.ts';

const bodies = new Map(Object.keys(BODIES).map((path) => [path, bodyOf(path as BodyPath)]));

/**
 * A healthy backend. It responds with a fixed body for each path, after it has received the request's body.
 */
export function serveBodies(request: IncomingMessage, response: ServerResponse): void {
  const body = bodies.get(request.url ?? '') ?? Buffer.from('ok');
  request.resume();
  request.on('error', () => {});
  request.on('end', () => response.writeHead(200, { 'Content-Length': body.length }).end(body));
}
