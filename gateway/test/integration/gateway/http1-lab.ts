// A backend and what its client got, for tests of HTTP/1.
import type { Client } from '../../conformance/wire/client.ts';
import { reply } from '../../conformance/wire/upstream.ts';
import { anUpstream } from './lab.ts';

/** A backend that answers with the path when it is told to. */
export async function anUpstreamThatWaits() {
  const waiting: (() => void)[] = [];
  const upstream = await anUpstream({
    complete: (socket, { startLine }) => {
      const path = startLine.split(' ')[1] as string;
      waiting.push(() => socket.write(reply('200 OK', [], path)));
    },
  });
  return { upstream, waiting };
}

/** The status and the body, or the code of the gateway's own response, of each response so far. */
export function bodies(client: Client): [number, string][] {
  return client.answers.map(({ status, body, complete }) => {
    const text = body.toString();
    return [status, complete ? (text.startsWith('{') ? JSON.parse(text).code : text) : 'broken off'];
  });
}
