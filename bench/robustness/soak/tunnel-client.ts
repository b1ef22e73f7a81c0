// A client of the soak test that opens tunnels.

import { handshake } from '../../../gateway/test/conformance/cases/websocket-handshake.ts';
import { rawConnection } from '../raw-connection.ts';
import { compared, contentOf } from './content.ts';
import { pathOf } from './faulty-backend.ts';
import type { SoakClient } from './http1-client.ts';
import type { Content, Entry, Ledger } from './ledger.ts';

const PIECES = 4;
const PAUSE_MS = 20;

/**
 * A client that opens a tunnel for each request, sends the body in pieces, and expects the same bytes back.
 */
export function tunnelClient(port: number, ledger: Ledger, patienceMs: number): SoakClient {
  const send = (entry: Entry) =>
    new Promise<void>((resolve) => {
      const { id, sentBytes } = entry;
      const socket = rawConnection(port);
      const timer = setTimeout(() => socket.destroy(), patienceMs);
      let pieces = 0;
      let pacing: NodeJS.Timeout | undefined;
      let received = Buffer.alloc(0);
      const body = contentOf(id, sentBytes);
      socket.write(handshake(`X-Id: ${id}`).replace('/socket', pathOf(entry)));
      socket.on('data', (bytes: Buffer) => {
        received = Buffer.concat([received, bytes]);
        const { isOpen, content } = read(received);
        pacing ??= isOpen ? setInterval(speak, PAUSE_MS) : undefined;
        if (isOpen && content.length >= sentBytes) socket.end();
      });
      const speak = () => {
        if (pieces === PIECES || !socket.writable) return;
        const size = Math.ceil(sentBytes / PIECES);
        socket.write(body.subarray(pieces * size, ++pieces * size));
      };
      socket.on('close', () => {
        clearTimeout(timer);
        clearInterval(pacing);
        const { status, content } = read(received);
        const came = compared(id, sentBytes, content);
        const end: Content = status === 101 ? came : 'not compared';
        // A tunnel has no framing: if it is closed before all bytes came back, that is a visible end.
        if (status === undefined || end === 'short') ledger.close(entry, { error: 'broke off' });
        else ledger.close(entry, { status, content: end });
        resolve();
      });
    });
  return { send, close: () => {} };
}

function read(bytes: Buffer): { status: number | undefined; isOpen: boolean; content: Buffer } {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return { status: undefined, isOpen: false, content: bytes };
  const status = Number(bytes.toString('latin1', 9, 12));
  return { status, isOpen: status === 101, content: bytes.subarray(end + 4) };
}
