import { type Case, check } from '../case.ts';
import { exchange, status } from '../judge.ts';
import type { PoolInput } from '../target.ts';
import { blackhole } from '../targets/blackhole.ts';
import { sleep } from '../wire/poll.ts';
import { get, post } from '../wire/requests.ts';
import { reply } from '../wire/upstream.ts';

const pool: Partial<PoolInput> = {
  retries: false,
  timeouts: { connectMs: 600, headersMs: 600, bodyMs: 600, totalMs: 2_000 },
};
const WAIT = { timeoutMs: 8_000, options: { pool } } as const;

/** RFC 9110 section 15.6.5. */
export const slowBackends: readonly Case[] = [
  ...(['Z08', 'E05'] as const).map(
    (id): Case => ({
      id,
      title:
        id === 'Z08'
          ? 'a backend that never answers: 504'
          : 'a backend that hangs after POST: 504, and it is sent once',
      needs: 'configuration',
      slow: true,
      run: async (lab) => {
        const bytes = id === 'Z08' ? get() : post('hello');
        const outcome = await exchange(lab, bytes, { ...WAIT, script: { complete: () => {} } });
        status(outcome, 504);
        check(
          outcome.upstream.requests().length === 1,
          () => `sent ${outcome.upstream.requests().length} times`,
        );
        return outcome.summary;
      },
    }),
  ),
  {
    id: 'Z13',
    title: 'a backend that takes no connection: 504',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const hole = await blackhole();
      lab.after(() => hole.stop());
      const { port } = await lab.start({ backends: [`http://127.0.0.1:${hole.port}`], pool });
      const client = await lab.client(port);
      const [answer] = await client.write(get()).answered(1, 8_000);
      check(answer?.status === 504, () => `got ${answer?.status ?? 'no answer'}`);
      return '504';
    },
  },
  {
    id: 'Z14',
    title: 'a head that drips from a backend: 504 or 502',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const complete = async (socket: { write: (text: string) => unknown; destroyed: boolean }) => {
        socket.write('HTTP/1.1 200 OK\r\nX-A: ');
        for (let i = 0; i < 100 && !socket.destroyed; i++) {
          socket.write('a');
          await sleep(100);
        }
      };
      const outcome = await exchange(lab, get(), { ...WAIT, script: { complete } });
      status(outcome, 502, 504);
      return outcome.summary;
    },
  },
  {
    id: 'Z15',
    title: 'a body that stalls from a backend: broken off',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const script = { complete: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello' };
      const outcome = await exchange(lab, get(), { ...WAIT, script });
      check(await outcome.client.closed(8_000), 'hangs');
      check(outcome.client.answers[0]?.complete !== true, () => `looks whole: ${outcome.client.text}`);
      return outcome.summary;
    },
  },
  {
    id: 'E02',
    title: 'a backend that takes no connection: the next one answers, a POST too',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const hole = await blackhole();
      lab.after(() => hole.stop());
      const good = await lab.upstream();
      const backends = [`http://127.0.0.1:${hole.port}`, good.url];
      const { port } = await lab.start({
        backends,
        pool: { ...pool, retries: true, strategy: 'round-robin' },
      });
      for (const bytes of [get('/1'), get('/2'), post('hello', '/3'), post('hello', '/4')]) {
        const client = await lab.client(port);
        const [answer] = await client.write(bytes).answered(1, 8_000);
        check(answer?.status === 200, () => `got ${answer?.status ?? 'no answer'}`);
      }
      check(good.requests().length === 4, `sent ${good.requests().length} times`);
      return '4 of 4';
    },
  },
  {
    id: 'E08',
    title: 'an answer that comes after the 504 reaches nobody',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const complete = async (socket: { write: (text: string) => unknown; destroyed: boolean }) => {
        await sleep(2_600);
        if (!socket.destroyed) socket.write(reply('200 OK', [], 'late'));
      };
      const outcome = await exchange(lab, get(), { ...WAIT, script: { complete } });
      status(outcome, 504);
      await sleep(2_800);
      check(outcome.client.answers.length === 1, () => `got ${outcome.client.text}`);
      return outcome.summary;
    },
  },
];
