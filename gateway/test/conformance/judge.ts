import { type Case, check, fail } from './case.ts';
import type { Lab } from './lab.ts';
import type { TargetOptions } from './target.ts';
import type { Client } from './wire/client.ts';
import type { Answer, Message } from './wire/messages.ts';
import type { Script, Upstream } from './wire/upstream.ts';

/** What came of bytes that were sent. */
export interface Exchange {
  readonly client: Client;
  readonly upstream: Upstream;
  readonly port: number;
  readonly answers: readonly Answer[];
  /** In few words. */
  readonly summary: string;
}

export interface ExchangeOptions {
  /** How many answers to wait for. @defaultValue 1 */
  readonly answers?: number;
  /** Of the requests in the bytes. @defaultValue GET */
  readonly methods?: readonly string[];
  readonly script?: Script;
  readonly options?: Partial<TargetOptions>;
  readonly timeoutMs?: number;
}

/** Sends bytes on a connection of their own, and waits for what comes of it. */
export async function exchange(
  lab: Lab,
  bytes: string | Buffer,
  how: ExchangeOptions = {},
): Promise<Exchange> {
  const { upstream, port } = await lab.pair(how.script, how.options);
  const client = await lab.client(port);
  client.write(bytes, ...(how.methods ?? []));
  await client.answered(how.answers ?? 1, how.timeoutMs ?? 2_500);
  await client.quiet(50);
  return { client, upstream, port, answers: client.answers, summary: summaryOf(client, upstream) };
}

/** What a client and its backend saw, in few words. */
export function summaryOf(client: Client, upstream: Upstream): string {
  const statuses = client.answers.map(({ status, complete }) => `${status}${complete ? '' : ' (cut)'}`);
  const end = client.ended === undefined ? 'open' : client.ended === 'end' ? 'closed' : 'reset';
  const whole = upstream.requests().filter(({ complete }) => complete).length;
  return `${statuses.join(', ') || 'no answer'}, ${end}, ${whole} request${whole === 1 ? '' : 's'} upstream`;
}

const bothReadings = (upstream: Upstream): [Message[], Message[]] => [
  upstream.requests('transfer-encoding'),
  upstream.requests('content-length'),
];

const startLines = (messages: readonly Message[]) => messages.map(({ startLine }) => startLine);
const whole = (messages: readonly Message[]) => messages.filter(({ complete }) => complete);

/** Whether the client was told no: an error, or the end of the connection. */
const refused = ({ answers, client }: Exchange) =>
  answers[0] === undefined ? client.ended !== undefined : answers[0].status >= 400 && answers.length === 1;

/**
 * Refused, and no whole request at the backend.
 * @throws Finding
 */
export function rejected(exchange: Exchange): string {
  for (const messages of bothReadings(exchange.upstream))
    check(
      whole(messages).length === 0,
      () => `forwarded ${JSON.stringify(exchange.upstream.text.slice(0, 300))}`,
    );
  check(refused(exchange), () => `not refused: ${exchange.summary}`);
  return exchange.summary;
}

/**
 * Every server reads the same requests out of what the backend got.
 * @throws Finding
 */
export function unambiguous(upstream: Upstream, count?: number): void {
  const [first, second] = bothReadings(upstream);
  const faults = [...first, ...second].flatMap((message) => message.faults);
  const shown = () => JSON.stringify(upstream.text.slice(0, 300));
  check(faults.length === 0, () => `forwarded ${faults[0]}: ${shown()}`);
  check(startLines(first).join() === startLines(second).join(), () => `can be read in two ways: ${shown()}`);
  const same = first.every((message, i) => second[i]?.body.equals(message.body));
  check(same, () => `a body can be read in two ways: ${shown()}`);
  if (count !== undefined)
    check(first.length === count, () => `${first.length} requests upstream: ${shown()}`);
}

/**
 * Refused, or exactly one request at the backend, that nobody can read in another way.
 * @throws Finding
 */
export function rejectedOrOne(exchange: Exchange): string {
  const { upstream, answers, client, summary } = exchange;
  const some = bothReadings(upstream).some((messages) => whole(messages).length > 0);
  if (!some) return rejected(exchange);
  unambiguous(upstream, 1);
  check(
    answers.length > 0 || client.ended !== undefined,
    () => `one request upstream, and no answer: ${summary}`,
  );
  return summary;
}

/** Bytes that no backend may get: a case. */
export const refusal = (id: string, title: string, bytes: string): Case => ({
  id,
  title,
  run: async (lab) => rejected(await exchange(lab, bytes)),
});

/** Bytes of which a backend may get nothing, or one request that all read alike: a case. */
export const refusalOrOne = (id: string, title: string, bytes: string): Case => ({
  id,
  title,
  run: async (lab) => rejectedOrOne(await exchange(lab, bytes)),
});

/**
 * Nothing smuggled, in any reading.
 * @throws Finding
 */
export function clean(exchange: Exchange): string {
  const lines = bothReadings(exchange.upstream).flatMap(startLines);
  const smuggled = lines.find((line) => line.includes('/smuggled'));
  if (smuggled !== undefined) fail(`smuggled ${JSON.stringify(exchange.upstream.text.slice(0, 300))}`);
  return exchange.summary;
}

/** @throws Finding unless the first answer's status is one of these */
export function status(exchange: Exchange, ...expected: number[]): Answer {
  const answer = exchange.answers[0];
  check(
    answer !== undefined && expected.includes(answer.status),
    () => `${expected.join(' or ')} expected: ${exchange.summary}`,
  );
  return answer;
}

/**
 * The only request at the backend.
 * @throws Finding unless there is exactly one, and it is whole
 */
export function onlyRequest(upstream: Upstream): Message {
  const requests = upstream.requests();
  const [request] = requests;
  check(
    requests.length === 1 && request !== undefined && request.complete,
    () => `one request upstream expected: ${JSON.stringify(upstream.text.slice(0, 300))}`,
  );
  unambiguous(upstream, 1);
  return request;
}
