// An HTTP/2 client of the soak test.

import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { H2Client } from '../../../gateway/test/conformance/wire/h2-client.ts';
import { HOST } from '../../gateway/ports.ts';
import { contentOf } from './content.ts';
import { pathOf } from './faulty-backend.ts';
import { contentIn, type SoakClient } from './http1-client.ts';
import type { Entry, Ledger } from './ledger.ts';

/** The largest frame that every peer accepts (RFC 9113 section 4.2). */
const FRAME_BYTES = 16_384;

/** An HTTP/2 client for many concurrent requests. It opens a new connection when the last one has ended. */
export function http2Client(port: number, ledger: Ledger, patienceMs: number): SoakClient {
  let session: ClientHttp2Session | undefined;
  const open = () => {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    session = connect(`http://${HOST}:${port}`);
    session.on('error', () => {});
    return session;
  };
  const send = (entry: Entry) =>
    new Promise<void>((resolve) => {
      const { id, kind, sentBytes } = entry;
      const stream = open().request(
        { ':method': kind, ':path': pathOf(entry), 'x-id': id },
        { endStream: kind === 'GET' },
      );
      const chunks: Buffer[] = [];
      let status: number | undefined;
      let isEnded = false;
      const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), patienceMs);
      stream.on('response', (headers) => (status = headers[':status']));
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => (isEnded = true));
      stream.on('error', () => {});
      stream.on('close', () => {
        clearTimeout(timer);
        const { rstCode } = stream;
        if (status === undefined || !isEnded || rstCode !== constants.NGHTTP2_NO_ERROR)
          ledger.close(entry, { error: `reset with ${rstCode}` });
        else ledger.close(entry, { status, content: contentIn(entry, status, Buffer.concat(chunks)) });
        resolve();
      });
      if (kind === 'POST') stream.end(contentOf(id, sentBytes));
    });
  return {
    send: (entry) => (entry.left ? leave(port, ledger, entry) : send(entry)),
    close: () => session?.destroy(),
  };
}

/**
 * Resets a stream in the middle of its body. It writes the frames itself, as Node's client would end the
 * stream before the reset.
 */
async function leave(port: number, ledger: Ledger, entry: Entry): Promise<void> {
  const { id, sentBytes } = entry;
  const client = await H2Client.connect(port).catch(() => undefined);
  await client?.request(
    1,
    [
      [':method', 'POST'],
      [':scheme', 'http'],
      [':authority', HOST],
      [':path', pathOf(entry)],
      ['x-id', id],
    ],
    0,
  );
  client?.data(1, contentOf(id, sentBytes).subarray(0, Math.min(sentBytes / 2, FRAME_BYTES)));
  await sleep(5);
  client?.resetStream(1);
  await sleep(20);
  client?.socket.destroy();
  ledger.close(entry, { error: 'left' });
}
