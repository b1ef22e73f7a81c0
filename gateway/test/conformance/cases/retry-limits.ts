import { type Case, check } from '../case.ts';
import { header } from '../wire/messages.ts';
import { sleep } from '../wire/poll.ts';
import { get, HOST, message, post } from '../wire/requests.ts';
import { type Reply, reply } from '../wire/upstream.ts';
import { fleet, reset, sum } from './fleet.ts';

/** How often, how long and where a request is sent again. */
export const retryLimits: readonly Case[] = [
  {
    id: 'Y07',
    title: 'each attempt goes to another backend',
    needs: 'configuration',
    run: async (lab) => {
      const { ask, counts } = await fleet(lab, [reset, reset, reset], { retries: { retries: 5 } });
      check((await ask(get())).status === 502, 'not 502');
      check(
        counts().every((count) => count === 1),
        () => `requests ${counts().join()}`,
      );
      return `requests ${counts().join()}`;
    },
  },
  {
    id: 'Y08',
    title: 'no more attempts than allowed, and no longer than the total time-out',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const few = await fleet(lab, [reset, reset, reset, reset], { retries: { retries: 2 } });
      await few.ask(get());
      check(sum(few.counts()) === 3, () => `tried ${sum(few.counts())} times`);
      const hang: Reply = () => {};
      const timeouts = { headersMs: 1_000, totalMs: 1_500 };
      const late = await fleet(lab, [hang, hang, hang, hang], { retries: { retries: 3 }, timeouts });
      const startedAt = performance.now();
      const { status } = await late.ask(get(), 10_000);
      const ms = performance.now() - startedAt;
      check(status === 504, () => `got ${status}`);
      check(ms < 4_500, `took ${ms.toFixed(0)} ms`);
      return `3 attempts; 504 after ${(ms / 1_000).toFixed(1)} s`;
    },
  },
  {
    id: 'Y09',
    title: 'all backends fail: retries add a fifth, and three at a time',
    needs: 'configuration',
    alone: true,
    run: async (lab) => {
      const { ask, counts } = await fleet(lab, [reset, reset, reset, reset], { retries: { retries: 3 } });
      const total = 400;
      const lanes = 20;
      const lane = async () => {
        for (let i = 0; i < total / lanes; i++) await ask(get(`/${i}`), 10_000);
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      const load = sum(counts()) / total;
      // Three at a time beside 20 requests are another 0.15 at the most; each costs its back-off, too.
      check(load <= 1.5, `${load.toFixed(2)} requests upstream for each`);
      return `${load.toFixed(2)} requests upstream for each`;
    },
  },
  {
    id: 'Y10',
    title: "a backend's 503 and 429 with Retry-After: passed on, or tried elsewhere, as configured",
    needs: 'configuration',
    run: async (lab) => {
      const busy = reply('503 Service Unavailable', ['Retry-After: 7'], 'busy');
      const off = await fleet(lab, [busy, busy], { retries: false });
      const passed = await off.ask(get());
      check(passed.status === 503 && header(passed, 'retry-after') === '7', () => `got ${passed.startLine}`);
      check(sum(off.counts()) === 1, 'tried again');
      const on = await fleet(lab, [busy, undefined]);
      for (let i = 0; i < 2; i++) check((await on.ask(get(`/${i}`))).status === 200, 'not tried elsewhere');
      const limited = await fleet(lab, [reply('429 Too Many Requests', ['Retry-After: 3']), undefined]);
      const statuses = [(await limited.ask(get('/1'))).status, (await limited.ask(get('/2'))).status];
      check(statuses.includes(429), () => `429 was not passed on: ${statuses.join()}`);
      return '503 passed, 503 elsewhere, 429 passed';
    },
  },
  {
    id: 'Y11',
    title: 'Idempotency-Key is the same in each attempt',
    needs: 'configuration',
    run: async (lab) => {
      const { ask, upstreams } = await fleet(lab, [reset, reset]);
      const bytes = message('PUT / HTTP/1.1', [HOST, 'Idempotency-Key: "k1"', 'Content-Length: 5'], 'hello');
      await ask(bytes);
      const requests = upstreams.flatMap((upstream) => upstream.requests());
      check(requests.length === 2, () => `sent ${requests.length} times`);
      for (const request of requests)
        check(header(request, 'idempotency-key') === '"k1"' && String(request.body) === 'hello', 'changed');
      return 'the same twice';
    },
  },
  {
    id: 'Y13',
    title: 'backends that end idle connections just when they are used: no GET fails, no POST is doubled',
    needs: 'configuration',
    run: async (lab) => {
      let turn = 0;
      const hasty: Reply = async (socket, request) => {
        socket.write(reply('200 OK', [], request.startLine.split(' ')[1]));
        await sleep(turn++ % 4);
        socket.end();
      };
      const { ask, upstreams } = await fleet(lab, [hasty, hasty]);
      let failed = 0;
      for (let i = 0; i < 200; i++) {
        const isGet = i % 2 === 0;
        const { status } = await ask(isGet ? get(`/${i}`) : post('hello', `/${i}`));
        check(!isGet || status === 200, () => `GET ${i} got ${status}`);
        if (status !== 200) failed++;
      }
      const posts = upstreams
        .flatMap((upstream) => upstream.requests())
        .map(({ startLine }) => startLine)
        .filter((line) => line.startsWith('POST'));
      check(new Set(posts).size === posts.length, 'a POST was sent twice');
      return `100 GET of 100; ${100 - failed} POST of 100, none twice`;
    },
  },
];
