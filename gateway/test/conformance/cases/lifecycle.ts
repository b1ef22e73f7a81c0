import type { Socket } from 'node:net';
import { type Case, check } from '../case.ts';
import { certificateFor } from '../certificates.ts';
import type { Lab } from '../lab.ts';
import type { Running } from '../target.ts';
import { header } from '../wire/messages.ts';
import { sleep, until } from '../wire/poll.ts';
import { get, message } from '../wire/requests.ts';
import { type Reply, reply } from '../wire/upstream.ts';

/** Stops a target that no longer has to serve. */
function stop(lab: Lab, running: Running, graceMs: number): Promise<void> {
  lab.forget(running);
  return running.stop(graceMs);
}

const draining: readonly Case[] = [
  {
    id: 'G01',
    title: 'draining: no request is lost, and each last answer closes its connection',
    needs: 'configuration',
    run: async (lab) => {
      const held: Socket[] = [];
      const { running, port } = await lab.pair({ complete: (socket) => held.push(socket) });
      const clients = await Promise.all(Array.from({ length: 20 }, () => lab.client(port)));
      for (const client of clients) client.write(get());
      check(await until(() => held.length === 20), 'not all of them arrive');
      const stopped = stop(lab, running, 5_000);
      await sleep(100);
      for (const socket of held) socket.write(reply('200 OK', [], 'late'));
      await stopped;
      for (const client of clients) {
        check(await client.closed(2_000), 'the connection stays open');
        const [answer] = client.answers;
        check(
          answer?.complete === true && answer.status === 200,
          () => `lost: ${JSON.stringify(client.text)}`,
        );
        check(
          header(answer, 'connection') === 'close',
          () => `does not say that it is the last: ${client.text}`,
        );
      }
      return '20 of 20';
    },
  },
  {
    id: 'G02',
    title: 'a long request ends within the grace, and is broken off visibly after it',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const begun: Reply = async (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
        await sleep(900);
        if (!socket.destroyed) socket.write('0\r\n\r\n');
      };
      const patient = await lab.pair({ complete: begun });
      const first = await lab.client(patient.port);
      first.write(get());
      await until(() => first.text.includes('hello'));
      await stop(lab, patient.running, 5_000);
      await first.closed(2_000);
      check(first.answers[0]?.complete === true, () => `lost: ${JSON.stringify(first.text)}`);
      const hasty = await lab.pair({ complete: begun });
      const second = await lab.client(hasty.port);
      second.write(get());
      await until(() => second.text.includes('hello'));
      await stop(lab, hasty.running, 300);
      check(await second.closed(), 'hangs');
      check(second.answers[0]?.complete === false, () => `looks whole: ${JSON.stringify(second.text)}`);
      return 'whole, and broken off';
    },
  },
  {
    id: 'G03',
    title: 'readiness fails first, connections are refused later',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const { running, port } = await lab.pair({}, { admin: {}, config: { shutdown: { delayMs: 800 } } });
      const ready = async () => {
        const client = await lab.client(running.adminPort as number);
        const [answer] = await client.write(message('GET /readyz HTTP/1.1', ['Host: 127.0.0.1'])).answered();
        return answer?.status;
      };
      check((await ready()) === 200, 'not ready before');
      const stopped = stop(lab, running, 3_000);
      await sleep(150);
      check((await ready()) === 503, 'ready while draining');
      const client = await lab.client(port);
      const [answer] = await client.write(get()).answered();
      check(answer?.status === 200, () => `refused too early: ${answer?.status}`);
      await stopped;
      check((await lab.client(port).catch(() => undefined)) === undefined, 'not refused later');
      return '200, 503, refused';
    },
  },
];

const changing: readonly Case[] = [
  {
    id: 'G04',
    title: '50 reloads under load: no request fails; a wrong one is refused, and nothing changes',
    needs: 'configuration',
    run: async (lab) => {
      const [one, two, three] = [await lab.upstream(), await lab.upstream(), await lab.upstream()];
      const running = await lab.start({ backends: [one.url, two.url] });
      let isOver = false;
      let [ok, failed] = [0, 0];
      const lane = async () => {
        while (!isOver) {
          const client = await lab.client(running.port);
          const [answer] = await client.write(get(`/${ok}`)).answered();
          if (answer?.status === 200) ok++;
          else failed++;
          client.socket.destroy();
        }
      };
      const lanes = Promise.all(Array.from({ length: 4 }, lane));
      for (let i = 0; i < 50; i++) {
        await running.reload?.({ backends: i % 2 === 0 ? [two.url, three.url] : [one.url, two.url] });
        await sleep(8);
      }
      const refused = await running.reload?.({ backends: ['ftp://127.0.0.1'] }).then(
        () => false,
        () => true,
      );
      isOver = true;
      await lanes;
      check(refused === true, 'a wrong configuration is taken');
      check(failed === 0, `${failed} failed, ${ok} did not`);
      const left = () => running.stats?.().requests.inFlight ?? 0;
      check(await until(() => left() === 0, 2_000), `${left()} are still in flight`);
      return `${ok} answered, none failed`;
    },
  },
  {
    id: 'G08',
    title: 'a port that is in use: one clear line',
    needs: 'configuration',
    run: async (lab) => {
      const { port } = await lab.pair();
      const message = await lab.start({ listener: { port } }).then(
        () => '',
        (error: Error) => error.message,
      );
      check(
        message.includes(String(port)) && message.includes('EADDRINUSE'),
        `says ${JSON.stringify(message)}`,
      );
      check(!message.includes('\n'), 'says it in several lines');
      return message;
    },
  },
  {
    id: 'G09',
    title: 'a new certificate, and connections go on',
    needs: 'configuration',
    run: async (lab) => {
      const [old, fresh] = [await certificateFor('a.test'), await certificateFor('a.test', 'fresh.test')];
      const { running, port } = await lab.pair({}, { listener: { tls: { certificates: [old] } } });
      const client = await lab.client(port, { servername: 'a.test' });
      await client.write(get('/1')).answered();
      await running.reload?.({ listener: { tls: { certificates: [fresh] } } });
      const answers = await client.write(get('/2')).answered(2);
      check(answers[1]?.status === 200, 'the connection is lost');
      const next = await lab.client(port, { servername: 'a.test' });
      const { subjectaltname } = (next.socket as import('node:tls').TLSSocket).getPeerCertificate();
      check(subjectaltname?.includes('fresh.test') === true, () => `still ${subjectaltname}`);
      return 'goes on, and the new one';
    },
  },
];

export const lifecycle: readonly Case[] = [...draining, ...changing];
