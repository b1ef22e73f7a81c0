// An HTTP/1.1 client of the soak test.

import { Agent, request } from 'node:http';
import { HOST } from '../../gateway/ports.ts';
import { compared, contentOf } from './content.ts';
import { pathOf } from './faulty-backend.ts';
import type { Entry, Ledger } from './ledger.ts';

/** A client that sends requests, one after the other. */
export interface SoakClient {
  /** Sends a request and records its end in the ledger. Resolves at its end, whatever that is. */
  send(entry: Entry): Promise<void>;
  close(): void;
}

/** An HTTP/1.1 client with a persistent connection. */
export function http1Client(port: number, ledger: Ledger, patienceMs: number): SoakClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (entry: Entry) =>
    new Promise<void>((resolve) => {
      const { id, kind, sentBytes } = entry;
      // Every second body has a Content-Length, the others are chunked.
      const length = kind === 'POST' && Number(id.slice(1)) % 4 < 2 ? { 'Content-Length': sentBytes } : {};
      const headers = { 'X-Id': id, ...length };
      const outgoing = request({ agent, host: HOST, port, path: pathOf(entry), method: kind, headers });
      let isAnswering = false;
      const timer = setTimeout(() => outgoing.destroy(new Error('no response in time')), patienceMs);
      outgoing.on('response', (response) => {
        isAnswering = true;
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => {});
        response.on('close', () => {
          const { statusCode: status = 0, complete } = response;
          if (!complete) ledger.close(entry, { error: 'broke off' });
          else ledger.close(entry, { status, content: contentIn(entry, status, Buffer.concat(chunks)) });
          settle();
        });
      });
      outgoing.on('error', ({ message }) => {
        if (!isAnswering) ledger.close(entry, { error: message });
      });
      outgoing.on('close', () => {
        if (!isAnswering) settle();
      });
      const settle = () => {
        clearTimeout(timer);
        resolve();
      };
      const body = contentOf(id, sentBytes);
      if (!entry.left) outgoing.end(body);
      else outgoing.write(body.subarray(0, sentBytes / 2), () => setTimeout(() => outgoing.destroy(), 5));
    });
  return { send, close: () => agent.destroy() };
}

/** The end of a request, from its response. */
export function contentIn({ id, answerBytes }: Entry, status: number, content: Buffer) {
  return status < 400 ? compared(id, answerBytes, content) : 'not compared';
}
