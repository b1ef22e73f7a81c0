import { type Case, check } from '../case.ts';
import { header } from '../wire/messages.ts';
import { get, HOST, message } from '../wire/requests.ts';
import { fields } from './h2-exchange.ts';

const limited = (points: number) => ({
  config: { routes: [{ pool: 'main', rateLimit: { points, durationMs: 60_000 } }] },
});

/** RFC 6585 section 4. */
export const rates: readonly Case[] = [
  {
    id: 'Q01',
    title: '429 with Retry-After and RateLimit headers',
    needs: 'configuration',
    run: async (lab) => {
      const { upstream, port } = await lab.pair({}, limited(2));
      const client = await lab.client(port);
      const answers = await client.write(get('/1') + get('/2') + get('/3')).answered(3);
      check(answers.map(({ status }) => status).join() === '200,200,429', () => client.text);
      const refusal = answers[2]!;
      const retryAfter = Number(header(refusal, 'retry-after'));
      check(retryAfter >= 1 && retryAfter <= 60, () => `Retry-After: ${header(refusal, 'retry-after')}`);
      const names = refusal.headers
        .map(([name]) => name.toLowerCase())
        .filter((name) => name.startsWith('ratelimit'));
      check(names.length > 0, 'no RateLimit headers');
      check(upstream.requests().length === 2, 'asked the backend');
      return `Retry-After: ${retryAfter}, ${names.join(', ')}`;
    },
  },
  {
    id: 'Q03',
    title: 'no spelling of a request gets around the limit of its client',
    needs: 'configuration',
    run: async (lab) => {
      const { port } = await lab.pair({}, { ...limited(3), listener: { h2c: true } });
      const first = await lab.client(port);
      await first.write(get('/1') + get('/2') + get('/3')).answered(3);
      const spellings = [
        get('/', 'X-Forwarded-For: 6.6.6.6'),
        get('/', 'X-Real-IP: 6.6.6.6'),
        get('/', 'Forwarded: for=6.6.6.6'),
        get('/', 'x-FORWARDED-for: ::ffff:6.6.6.6'),
        message('GET / HTTP/1.1', ['Host: a.test.']),
        message('GET / HTTP/1.1', ['HOST: A.TEST']),
        message('GET http://a.test/ HTTP/1.1', [HOST]),
        get('//'),
        get('/%2e/'),
        message('GET / HTTP/1.0', [HOST]),
      ];
      for (const bytes of spellings) {
        const client = await lab.client(port);
        const [answer] = await client.write(bytes).answered();
        check(answer?.status === 429, () => `${JSON.stringify(bytes)} got ${answer?.status}`);
      }
      const client = await lab.http2(port);
      await client.request(1, fields());
      await client.done();
      check(client.status(1) === 429, () => `HTTP/2 got ${client.summary()}`);
      return `${spellings.length + 1} spellings`;
    },
  },
];
