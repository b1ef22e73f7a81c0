import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { HOST } from '../../gateway/ports.ts';
import { contentOf } from './content.ts';
import { pathOf } from './faulty-backend.ts';
import { contentIn, type SoakClient } from './http1-client.ts';
import type { Entry, Ledger } from './ledger.ts';

/** A client over HTTP/2 for many requests at a time, with another connection where the last one has ended. */
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
      if (kind === 'GET') return;
      const body = contentOf(id, sentBytes);
      if (!entry.left) stream.end(body);
      else
        stream.write(body.subarray(0, sentBytes / 2), () =>
          setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 5),
        );
    });
  return { send, close: () => session?.destroy() };
}
