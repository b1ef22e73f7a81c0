// Records what real clients send over HTTP/1.1, byte by byte, for the tests of the gateway, which replay it.
// To be run again when clients have changed: `npm run record-clients`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Reply, reply, Upstream } from '../../../gateway/test/conformance/wire/upstream.ts';
import { browsers } from './browsers.ts';
import type { Seen } from './client.ts';
import { PROGRAMS } from './programs.ts';

const FILE = fileURLToPath(new URL('../../../gateway/test/recorded/clients.json', import.meta.url));
const PAGE = readFileSync(new URL('./page.html', import.meta.url), 'latin1');

let told: (seen: readonly Seen[]) => void = () => {};

/** Each request comes on a connection of its own. */
const complete: Reply = (socket, { startLine, body }) => {
  const [method, target] = startLine.split(' ');
  const isPage = target?.startsWith('/page') === true;
  const type = isPage ? 'text/html' : 'text/plain';
  const text = isPage ? PAGE : `${method} ${body.length}`;
  const whole = reply('200 OK', ['Connection: close', `Content-Type: ${type}`], text);
  socket.end(method === 'HEAD' ? whole.slice(0, -text.length) : whole, 'latin1');
  if (target === '/told') told(JSON.parse(body.toString()));
};

const recorded: { client: string; requests: string[] }[] = [];
const next = () => new Promise<readonly Seen[]>((resolve) => (told = resolve));
for (const client of [...PROGRAMS, ...browsers(next, 'alone')]) {
  const server = await Upstream.start({ complete });
  await client.run({ plain: server.url, secure: undefined, secureHttp1: undefined });
  // Browsers open connections that they do not use.
  const requests = server.connections.map(({ bytes }) => bytes.toString('latin1')).filter(Boolean);
  await server.stop();
  recorded.push({ client: `${client.name} ${await client.version()}`, requests });
}
writeFileSync(FILE, `${JSON.stringify(recorded, undefined, 2)}\n`);
for (const { client, requests } of recorded) console.log(`${client}: ${requests.length} requests`);
