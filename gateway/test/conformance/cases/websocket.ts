import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Case, check } from '../case.ts';
import { exchange, status } from '../judge.ts';
import { header } from '../wire/messages.ts';
import { sleep, until } from '../wire/poll.ts';
import { HOST, message } from '../wire/requests.ts';
import { reply } from '../wire/upstream.ts';
import { openTunnel, tunnelText } from './open-tunnel.ts';
import { handshake, SWITCH, switched } from './websocket-handshake.ts';

const bytes: readonly Case[] = [
  {
    id: 'W01',
    title: 'a handshake, and an echo',
    run: async (lab) => {
      const { client } = await openTunnel(lab);
      check(
        header(client.answers[0]!, 'sec-websocket-accept') === 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
        () => client.text,
      );
      check(
        /^connection: upgrade\r$/im.test(client.text) && /^upgrade: websocket\r$/im.test(client.text),
        () => client.text,
      );
      client.write('hello');
      check(await until(() => tunnelText(client) === 'hello'), () => `got ${tunnelText(client)}`);
      return 'echoed';
    },
  },
  {
    id: 'W02',
    title: 'bytes right behind both heads are kept',
    run: async (lab) => {
      const { upstream, port } = await lab.pair({
        complete: (socket) => {
          socket.removeAllListeners('data');
          socket.write(`${SWITCH}early`);
          socket.on('data', (part: Buffer) => socket.write(`<${part}>`));
        },
      });
      const client = await lab.client(port);
      client.write(`${handshake()}first`);
      const both = () => tunnelText(client).startsWith('early') && upstream.connections[0] !== undefined;
      check(await until(both), () => `the client lost them: ${JSON.stringify(tunnelText(client))}`);
      const seen = () => tunnelText(client).includes('<first>') || upstream.text.endsWith('first');
      check(await until(seen), () => `the backend lost them: ${JSON.stringify(upstream.text)}`);
      return 'kept';
    },
  },
  {
    id: 'W12',
    title: '64 MiB come back byte for byte',
    alone: true,
    run: async (lab) => {
      const { client } = await openTunnel(lab);
      const block = Buffer.from(Array.from({ length: 65_521 }, (_, i) => (i * 31) & 255));
      const count = 1_025;
      const sent = createHash('sha256');
      const received = createHash('sha256');
      let left = block.length * count;
      client.socket.removeAllListeners('data');
      const done = new Promise<void>((resolve) => {
        client.socket.once('close', resolve);
        client.socket.on('data', (part: Buffer) => {
          received.update(part);
          left -= part.length;
          if (left <= 0) resolve();
        });
      });
      for (let i = 0; i < count; i++) sent.update(block);
      Readable.from(Array.from({ length: count }, () => block)).pipe(client.socket, { end: false });
      await done;
      check(left === 0 && sent.digest('hex') === received.digest('hex'), 'not the same');
      return 'the same SHA-256';
    },
  },
];

const handshakes: readonly Case[] = [
  {
    id: 'W05',
    title: 'a 403 instead of 101 passes with its body',
    run: async (lab) => {
      const complete = reply('403 Forbidden', ['X-Why: no'], 'not here');
      const outcome = await exchange(lab, handshake(), { script: { complete } });
      const answer = status(outcome, 403);
      check(
        String(answer.body) === 'not here' && header(answer, 'x-why') === 'no',
        () => outcome.client.text,
      );
      return outcome.summary;
    },
  },
  {
    id: 'W06',
    title: "a backend's 400 and 426 to a wrong handshake pass",
    run: async (lab) => {
      const tooOld = reply('426 Upgrade Required', ['Sec-WebSocket-Version: 13']);
      const wrong = handshake()
        .replace('Version: 13', 'Version: 7')
        .replace(/Sec-WebSocket-Key: \S+\r\n/, '');
      const outcome = await exchange(lab, wrong, { script: { complete: tooOld } });
      if (outcome.upstream.text === '') status(outcome, 400, 426);
      else check(header(status(outcome, 426), 'sec-websocket-version') === '13', () => outcome.client.text);
      const bad = await exchange(lab, wrong, { script: { complete: reply('400 Bad Request') } });
      status(bad, 400, 426);
      return outcome.summary;
    },
  },
  {
    id: 'W07',
    title: 'Upgrade with POST opens no tunnel',
    run: async (lab) => {
      const outcome = await exchange(lab, handshake().replace('GET ', 'POST '), {
        script: { complete: SWITCH },
      });
      check(outcome.answers[0]?.status !== 101, 'upgraded');
      check((outcome.answers[0]?.status ?? 0) >= 400, () => outcome.summary);
      return outcome.summary;
    },
  },
  {
    id: 'W08',
    title: 'subprotocols and extensions pass both ways',
    run: async (lab) => {
      const asked = [
        'Sec-WebSocket-Protocol: chat, superchat',
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
      ];
      const given = ['Sec-WebSocket-Protocol: chat', 'Sec-WebSocket-Extensions: permessage-deflate'];
      const outcome = await exchange(lab, handshake(...asked), { script: { complete: switched(...given) } });
      const answer = status(outcome, 101);
      for (const line of given)
        check(outcome.client.text.toLowerCase().includes(line.toLowerCase()), () => `lost ${line}`);
      const [request] = outcome.upstream.requests();
      check(
        request !== undefined && header(request, 'sec-websocket-protocol') === 'chat, superchat',
        () => outcome.upstream.text,
      );
      check(
        header(request, 'sec-websocket-extensions')?.includes('client_max_window_bits') === true,
        () => outcome.upstream.text,
      );
      return `${answer.status}`;
    },
  },
  {
    id: 'W17',
    title: 'a client that leaves before the backend has answered its handshake',
    run: async (lab) => {
      const { upstream, port } = await lab.pair({
        complete: async (socket) => {
          await sleep(150);
          socket.write(SWITCH);
        },
      });
      for (const leave of ['destroy', 'resetAndDestroy'] as const) {
        const client = await lab.client(port);
        client.write(handshake());
        await sleep(50);
        client.socket[leave]();
      }
      await sleep(300);
      const busy = upstream.connections.filter(({ received }) => received > 0);
      check(
        await until(() => busy.every(({ ended, closed }) => ended !== undefined || closed), 2_000),
        'the backend is held',
      );
      return 'let go';
    },
  },
  {
    id: 'W18',
    title: 'Upgrade to another protocol opens no tunnel',
    run: async (lab) => {
      const complete = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo/2\r\n\r\n';
      const bytes = message('GET / HTTP/1.1', [HOST, 'Connection: Upgrade', 'Upgrade: foo/2']);
      const outcome = await exchange(lab, bytes, { script: { complete } });
      check(outcome.answers[0]?.status !== 101, 'upgraded');
      return outcome.summary;
    },
  },
  {
    id: 'W20',
    title: 'Origin and cookies pass unchanged',
    run: async (lab) => {
      const lines = ['Origin: https://shop.test', 'Cookie: a=1; b=2', 'Authorization: Bearer x'];
      const outcome = await exchange(lab, handshake(...lines), { script: { complete: SWITCH } });
      status(outcome, 101);
      for (const line of lines)
        check(
          outcome.upstream.text.toLowerCase().includes(line.toLowerCase()),
          () => `changed ${line}: ${outcome.upstream.text}`,
        );
      return outcome.summary;
    },
  },
];

/** RFC 6455 section 4, RFC 9110 section 7.8. */
export const websocket: readonly Case[] = [...bytes, ...handshakes];
