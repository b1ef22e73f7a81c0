import { type Case, check } from '../case.ts';
import { summaryOf } from '../judge.ts';
import type { Lab } from '../lab.ts';
import { get, SMUGGLED } from '../wire/requests.ts';
import { reply } from '../wire/upstream.ts';
import { handshake, switched } from './websocket-handshake.ts';

/** Sends an offer to a backend that answers in one way, and a request right behind it. */
async function offer(lab: Lab, request: string, complete: string) {
  const { upstream, port } = await lab.pair({ complete });
  const client = await lab.client(port);
  client.write(request + SMUGGLED);
  await client.answered(1, 2_500);
  await client.quiet(50);
  return { client, upstream, summary: summaryOf(client, upstream) };
}

const OFFERS: readonly (readonly [string, ...string[]])[] = [
  ['h2c behind websocket, in a list', 'Upgrade: websocket, h2c'],
  ['h2c before websocket, in a list', 'Upgrade: h2c, websocket'],
  ['h2c behind websocket, in a line of its own', 'Upgrade: websocket', 'Upgrade: h2c'],
  ['h2c before websocket, in a line of its own', 'Upgrade: h2c', 'Upgrade: websocket'],
  ['HTTP/2.0 behind websocket', 'Upgrade: websocket, HTTP/2.0'],
  ['h2c alone', 'Upgrade: h2c'],
];

/** In the place of a 101 to websocket. A tunnel after any of them would pass by every route. */
const DECLINED: readonly (readonly [string, string])[] = [
  ['200', reply('200 OK', [], 'no')],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['400', reply('400 Bad Request', [], 'no')],
  ['426 with Upgrade', reply('426 Upgrade Required', ['Connection: Upgrade', 'Upgrade: websocket'])],
  ['101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['101 to h2c', switched().replace('Upgrade: websocket', 'Upgrade: h2c')],
  ['101 to another protocol', switched().replace('Upgrade: websocket', 'Upgrade: tcp')],
];

/** Offers of other protocols (RFC 9110 section 7.8) that open a way past the gateway elsewhere. */
export const protocolOffers: readonly Case[] = [
  {
    id: 'N40',
    title: 'no version of HTTP is offered to a backend, in whatever line of Upgrade',
    needs: 'configuration',
    run: async (lab) => {
      for (const [title, ...lines] of OFFERS) {
        const request = get('/', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAAA', ...lines);
        const { upstream } = await offer(lab, request, switched());
        check(!/h2c|http\/2|http2-settings/i.test(upstream.text), () => `${title}: ${upstream.text}`);
      }
      return `${OFFERS.length} offers`;
    },
  },
  {
    id: 'N41',
    title: 'a handshake that is declined, or answered in another protocol, opens no tunnel',
    run: async (lab) => {
      for (const [title, complete] of DECLINED) {
        const { upstream, client, summary } = await offer(lab, handshake(), complete);
        check(!client.text.startsWith('HTTP/1.1 101'), () => `${title}: ${summary}`);
        const raw = upstream.text.split('GET /smuggled').slice(1);
        // A request of its own is another matter: it passes routes and limits.
        const isPast = raw.some((text) => !/^x-forwarded-for:/im.test(text.split('\r\n\r\n')[0] as string));
        check(!isPast, () => `${title}: ${summary}`);
      }
      return `${DECLINED.length} answers`;
    },
  },
];
