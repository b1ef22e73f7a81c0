// An upload over HTTP/2 from a client that is far away, through the gateway and through nginx by turns:
// windows that are small for the distance make the client wait for each of them.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { certificateFor } from '../../gateway/test/conformance/certificates.ts';
import type { Running } from '../../gateway/test/conformance/target.ts';
import { evenkeel } from '../../gateway/test/conformance/targets/evenkeel.ts';
import { nginx } from '../../gateway/test/conformance/targets/nginx.ts';
import type { Check } from './check.ts';

const run = promisify(execFile);

const UPLOAD_BYTES = 2_000_000;
const ROUND_TRIP_MS = 80;
const ROUNDS = 5;
const MAX_RATIO = 1.5;
const PATIENCE_MS = 60_000;

export const distanceCheck: Check = {
  name: 'distance',
  about: `curl uploads ${UPLOAD_BYTES / 1e6} MB over HTTP/2 from ${ROUND_TRIP_MS} ms away, beside nginx`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-distance-'));
    const file = join(folder, 'upload');
    writeFileSync(file, Buffer.alloc(UPLOAD_BYTES, 'evenkeel'));
    const backend = createHttpServer((request, response) => {
      let bytes = 0;
      request.on('data', (part: Buffer) => {
        bytes += part.length;
      });
      request.on('end', () => response.end(String(bytes)));
    });
    const servers: Server[] = [backend];
    const peers: Running[] = [];
    try {
      const certificates = [await certificateFor('localhost')];
      const options = {
        backends: [`http://${await listening(backend)}`],
        listener: { tls: { certificates } },
      };
      for (const target of [evenkeel, nginx]) peers.push(await target.start(options));
      const far = peers.map(({ port }) => distant(port));
      servers.push(...far);
      const [own, other] = (await Promise.all(far.map(listening))) as [string, string];
      const times: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        times[0].push(await upload(own, file));
        times[1].push(await upload(other, file));
      }
      const [gatewayS, nginxS] = times.map(median) as [number, number];
      const ratio = gatewayS / nginxS;
      return [
        { what: 'nginx', figure: `${nginxS.toFixed(2)} s` },
        {
          what: 'the gateway',
          figure: `${gatewayS.toFixed(2)} s, ${ratio.toFixed(2)} times as long`,
          target: `at most ${MAX_RATIO} times, medians of ${ROUNDS}`,
          met: ratio <= MAX_RATIO,
        },
      ];
    } finally {
      await Promise.all(peers.map((peer) => peer.stop()));
      for (const server of servers) server.close();
      backend.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Seconds that the upload of a file takes, from the begin of the connection on. */
async function upload(place: string, file: string): Promise<number> {
  const format = '\t%{http_code}\t%{time_total}';
  const args = ['-s', '-S', '-k', '--http2', '--data-binary', `@${file}`, '-w', format, `https://${place}`];
  const { stdout } = await run('curl', args, { timeout: PATIENCE_MS });
  const [body, status, seconds] = stdout.split('\t');
  if (status !== '200' || body !== String(UPLOAD_BYTES)) throw new Error(`${status}: ${body} bytes came`);
  return Number(seconds);
}

/** A port that is half the round trip away from another one, with as much bandwidth as there is. */
function distant(port: number): Server {
  return createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    delayed(near, far);
    delayed(far, near);
  });
}

function delayed(from: Socket, to: Socket): void {
  const later = (act: () => void) => setTimeout(act, ROUND_TRIP_MS / 2);
  from.on('data', (bytes: Buffer) => later(() => to.write(bytes)));
  from.on('end', () => later(() => to.end()));
  from.on('error', () => to.destroy());
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
