import type { AccessRecord, GatewayLog } from '../../../src/contracts.ts';
import { type Case, check } from '../case.ts';
import { exchange, onlyRequest, rejected, status } from '../judge.ts';
import { type Lab, REFUSING } from '../lab.ts';
import type { TargetOptions } from '../target.ts';
import { header } from '../wire/messages.ts';
import { until } from '../wire/poll.ts';
import { get } from '../wire/requests.ts';
import { reply } from '../wire/upstream.ts';

const FORGED = [
  'X-Forwarded-For: 6.6.6.6',
  'X-Real-IP: 6.6.6.6',
  'Forwarded: for=6.6.6.6;host=evil.test;proto=https',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: evil.test',
];

/** A log that keeps what it is told of requests. */
function accessLog(): { log: GatewayLog; records: AccessRecord[] } {
  const records: AccessRecord[] = [];
  const nothing = () => {};
  const log = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
    access: (record: AccessRecord) => void records.push(record),
  };
  return { log, records };
}

/** Who a client is taken for, behind proxies that are trusted. */
async function takenFor(lab: Lab, forwardedFor: string): Promise<string | undefined> {
  const { log, records } = accessLog();
  const options: Partial<TargetOptions> = {
    config: { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'], log: { level: 'info', access: true } },
    log,
  };
  await exchange(lab, get('/', `X-Forwarded-For: ${forwardedFor}`), { options });
  await until(() => records.length > 0);
  return records[0]?.clientAddress;
}

const forwarded: readonly Case[] = [
  {
    id: 'P07',
    title: 'forged X-Forwarded-*, X-Real-IP and Forwarded are not believed',
    run: async (lab) => {
      const outcome = await exchange(lab, get('/', ...FORGED));
      const request = onlyRequest(outcome.upstream);
      check(!outcome.upstream.text.includes('6.6.6.6'), () => `forwarded ${outcome.upstream.text}`);
      check(!outcome.upstream.text.includes('evil.test'), () => `forwarded ${outcome.upstream.text}`);
      check(header(request, 'x-forwarded-for') === '127.0.0.1', 'X-Forwarded-For is not the client');
      check(header(request, 'x-forwarded-proto') !== 'https', 'X-Forwarded-Proto: https');
      return outcome.summary;
    },
  },
  {
    id: 'F01',
    title: 'X-Forwarded-For of 200 entries, IPv6, unknown, ports and junk',
    needs: 'configuration',
    run: async (lab) => {
      const values = [
        Array.from({ length: 200 }, (_, i) => `6.6.6.${i}`).join(', '),
        '2001:db8::1, [2001:db8::2]:80, "[2001:db8::3]"',
        'unknown, _hidden, for=6.6.6.6',
        '6.6.6.6:80, 6.6.6.6:99999, 6.6.6, 6.6.6.6.6, 256.1.1.1',
        ', ,,  ,',
        '::ffff:6.6.6.6, fe80::1%eth0',
        '0x06060606, 101058054, 06.6.6.6',
      ];
      const { upstream, port } = await lab.pair({}, { config: { trustedProxies: ['127.0.0.1/32'] } });
      for (const value of values) {
        const client = await lab.client(port);
        const [answer] = await client.write(get('/', `X-Forwarded-For: ${value}`)).answered();
        check(answer?.status === 200, () => `${value.slice(0, 40)}: ${answer?.status}`);
      }
      for (const request of upstream.requests())
        check(
          header(request, 'x-forwarded-for')?.endsWith('127.0.0.1') === true,
          'the last entry is not the peer',
        );
      return `${values.length} forms`;
    },
  },
  {
    id: 'F02',
    title: 'behind trusted proxies the client is the rightmost that is not trusted',
    needs: 'configuration',
    run: async (lab) => {
      const rows = [
        ['6.6.6.6, 9.9.9.9, 10.1.1.1', '9.9.9.9'],
        ['6.6.6.6', '6.6.6.6'],
        ['6.6.6.6, 2001:db8::9', '2001:db8::9'],
      ] as const;
      for (const [value, expected] of rows) {
        const got = await takenFor(lab, value);
        check(got === expected, () => `${value}: taken for ${got}, not ${expected}`);
      }
      return `${rows.length} chains`;
    },
  },
  {
    id: 'F03',
    title: 'a forged X-Forwarded-For does not get around a rate limit',
    needs: 'configuration',
    run: async (lab) => {
      const rateLimit = { points: 3, durationMs: 60_000 };
      const { port } = await lab.pair({}, { config: { routes: [{ pool: 'main', rateLimit }] } });
      const statuses: (number | undefined)[] = [];
      for (let i = 0; i < 6; i++) {
        const client = await lab.client(port);
        const [answer] = await client
          .write(get('/', `X-Forwarded-For: 6.6.6.${i}`, `X-Real-IP: 7.7.7.${i}`))
          .answered();
        statuses.push(answer?.status);
      }
      check(statuses.join() === '200,200,200,429,429,429', `got ${statuses.join()}`);
      return statuses.join();
    },
  },
  {
    id: 'F04',
    title: 'a PROXY protocol line is not believed',
    run: async (lab) => {
      const v1 = await exchange(lab, `PROXY TCP4 6.6.6.6 127.0.0.1 1234 80\r\n${get()}`);
      return rejected(v1);
    },
  },
];

const echoed: readonly Case[] = [
  {
    id: 'F05',
    title: 'Via is appended, and a loop ends',
    needs: 'configuration',
    run: async (lab) => {
      const outcome = await exchange(lab, get('/', 'Via: 1.0 other'));
      const via = header(onlyRequest(outcome.upstream), 'via');
      check(/^1\.0 other, 1\.1 \S+$/.test(via ?? ''), () => `Via: ${via}`);
      const running = await lab.start();
      await running.reload?.({ backends: [`http://127.0.0.1:${running.port}`] });
      const client = await lab.client(running.port);
      const [answer] = await client.write(get()).answered(1, 10_000);
      check(
        answer !== undefined && answer.status >= 500,
        () => `a loop got ${answer?.status ?? 'no answer'}`,
      );
      const total = running.stats?.().requests.total ?? 0;
      check(total <= 8, `a loop made ${total} requests`);
      return `${via}; a loop got ${answer.status} after ${total} requests`;
    },
  },
  {
    id: 'F06',
    title: 'the X-Request-Id of a client is limited in length and characters',
    run: async (lab) => {
      const { upstream, port } = await lab.pair();
      const values = ['a'.repeat(4_000), 'a b', 'a"><script>', 'a\xe9', 'a,b;c', '{"a":1}'];
      for (const value of values) {
        const client = await lab.client(port);
        await client.write(get('/', `X-Request-Id: ${value}`)).answered();
      }
      for (const request of upstream.requests()) {
        const id = header(request, 'x-request-id') ?? '';
        check(/^[\w.:/+=-]{0,200}$/.test(id), () => `forwarded ${JSON.stringify(id.slice(0, 60))}`);
      }
      return `${values.length} values`;
    },
  },
  {
    id: 'F07',
    title: 'nothing that the gateway echoes can break a line',
    run: async (lab) => {
      const { port } = await lab.start({ backends: [REFUSING] });
      const lines = [
        'X-Request-Id: a%0d%0aX-Evil: 1',
        'Accept: text/plain\xc4\x8a',
        'X-Request-Id: \xe5\x98\x8a\xe5\x98\x8dX-Evil: 1',
      ];
      for (const line of lines) {
        const client = await lab.client(port);
        const [answer] = await client
          .write(get('/%0d%0aX-Evil:%201?a=\xe5\x98\x8aX-Evil:1', line))
          .answered();
        check(answer !== undefined, 'no answer');
        check(!/^x-evil/im.test(client.text), () => `echoed ${JSON.stringify(client.text)}`);
        check(answer.faults.length === 0, () => `answered with ${answer.faults[0]}`);
      }
      return `${lines.length} attempts`;
    },
  },
  {
    id: 'F08',
    title: "a backend's split answer is not relayed",
    run: async (lab) => {
      const split = ['X-A: a\rSet-Cookie: evil=1', 'X-A: a\r\r\nX-B: b', 'X-A: a\0b', 'X-A: a\nX-B: b'];
      for (const line of split) {
        const script = { complete: reply('200 OK', [line], 'ok') };
        const outcome = await exchange(lab, get(), { script });
        const { faults } = status(outcome, 200, 502);
        check(faults.length === 0, () => `relayed ${faults[0]}`);
      }
      return `${split.length} answers`;
    },
  },
];

/** RFC 7239, RFC 9110 section 7.6.3. */
export const identity: readonly Case[] = [...forwarded, ...echoed];
