// Real clients send requests through the gateway: each one that is not installed is a missed target.

import { createGateway } from '../../../gateway/src/gateway.ts';
import { certificateFor } from '../../../gateway/test/conformance/certificates.ts';
import type { Check, Finding } from '../check.ts';
import { browsers } from './browsers.ts';
import type { Places, RealClient, Seen } from './client.ts';
import { LIBRARIES } from './libraries.ts';
import { PROGRAMS } from './programs.ts';
import { toldServer } from './told-server.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, access() {} };

export const clientsCheck: Check = {
  name: 'clients',
  about: 'curl, Java, Go, httpx, browsers, socket.io and ws through the gateway',
  async run(show) {
    const certificate = await certificateFor('localhost');
    const server = await toldServer();
    const host = '127.0.0.1';
    const gateway = createGateway(
      {
        listeners: [
          { host, port: 0, h2c: true },
          { host, port: 0, tls: { certificates: [certificate] } },
          { host, port: 0, tls: { certificates: [certificate], http2: false } },
        ],
        pools: { here: { backends: [server.url], health: false } },
      },
      { log: SILENT },
    );
    try {
      const [plain, secure, secureHttp1] = await gateway.listen();
      const places = {
        plain: `http://${host}:${plain?.port}`,
        secure: `https://${host}:${secure?.port}`,
        secureHttp1: `https://${host}:${secureHttp1?.port}`,
      };
      for (const client of [...PROGRAMS, ...LIBRARIES, ...browsers(server.told)])
        show(await finding(client, places));
    } finally {
      await gateway.close(0);
      server.stop();
    }
    return [];
  },
};

async function finding(client: RealClient, places: Places): Promise<Finding> {
  const [plain, secure] = client.requests;
  const count = plain + secure;
  const target = `${count} of ${count} as they should be`;
  let version: string;
  try {
    version = await client.version();
  } catch {
    return { what: client.name, figure: `is not here: install ${client.from}`, target, met: false };
  }
  const what = `${client.name} ${version}`;
  try {
    const seen = await client.run(places);
    const wrong = seen.filter((one) => !isRight(one));
    const complaints = wrong.map(
      ({ what: asked, status, body }) => `; ${asked}: ${status} ${body.slice(0, 80)}`,
    );
    const figure = `${seen.length - wrong.length} of ${seen.length} as they should be${complaints.join('')}`;
    return { what, figure, target, met: wrong.length === 0 && seen.length === count };
  } catch (error) {
    return { what, figure: (error as Error).message.slice(0, 500), target, met: false };
  }
}

function isRight({ what, status, body }: Seen): boolean {
  return status === 200 && body === what.split(',')[0];
}
