import { createServer } from 'node:http';
import { BODIES, type BodyPath, bodyOf } from '../bodies.ts';
import { HOST } from '../ports.ts';

/** An origin for machines without nginx, with the same responses. */
const { port, number }: { port: number; number: number } = JSON.parse(process.argv[2] as string);

const bodies = new Map(Object.keys(BODIES).map((path) => [path, bodyOf(path as BodyPath)]));
bodies.set('/health', Buffer.from('ok'));

const server = createServer((request, response) => {
  const url = request.url ?? '';
  const body =
    url === '/forwarded-for' ? Buffer.from(`${request.headers['x-forwarded-for'] ?? ''}`) : bodies.get(url);
  response.writeHead(body === undefined ? 404 : 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': body?.length ?? 0,
    'X-Origin': number,
  });
  response.end(body);
});
server.keepAliveTimeout = 300_000;
server.listen({ port, host: HOST, backlog: 4_096 });
