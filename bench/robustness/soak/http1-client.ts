import { Agent, request } from 'node:http';
import { HOST } from '../../gateway/ports.ts';
import { compared, contentOf } from './content.ts';
import { pathOf } from './faulty-backend.ts';
import type { Entry, Ledger } from './ledger.ts';

/** Sends requests, one after the other. */
export interface SoakClient {
  /** Sends one, and tells the books what came of it. Resolves at its end, however that is. */
  send(entry: Entry): Promise<void>;
  close(): void;
}

/** A client over HTTP/1.1 that keeps its connection. */
export function http1Client(port: number, ledger: Ledger, patienceMs: number): SoakClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (entry: Entry) =>
    new Promise<void>((resolve) => {
      const { id, kind, sentBytes } = entry;
      // Every other body has its length in the head, the others are chunked.
      const length = kind === 'POST' && Number(id.slice(1)) % 4 < 2 ? { 'Content-Length': sentBytes } : {};
      const headers = { 'X-Id': id, ...length };
      const outgoing = request({ agent, host: HOST, port, path: pathOf(entry), method: kind, headers });
      let isAnswering = false;
      const timer = setTimeout(() => outgoing.destroy(new Error('no answer')), patienceMs);
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

/** What a client makes of an answer. */
export function contentIn({ id, answerBytes }: Entry, status: number, content: Buffer) {
  return status < 400 ? compared(id, answerBytes, content) : 'not compared';
}
