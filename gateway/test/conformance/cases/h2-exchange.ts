import { check } from '../case.ts';
import { onlyRequest, unambiguous } from '../judge.ts';
import type { Lab } from '../lab.ts';
import type { TargetOptions } from '../target.ts';
import { DATA, END_HEADERS, END_STREAM, frame, HEADERS } from '../wire/frames.ts';
import type { H2Client } from '../wire/h2-client.ts';
import { encodeFields, type Field } from '../wire/hpack.ts';
import { sleep } from '../wire/poll.ts';
import type { Script, Upstream } from '../wire/upstream.ts';

export const H2C = { listener: { h2c: true } } as const;

/** The fields of a request, with some of them changed, and more after them; `undefined` takes one away. */
export function fields(changes: Record<string, string | undefined> = {}, ...more: Field[]): Field[] {
  const all = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'a.test', ...changes };
  const given = Object.entries(all).filter((field): field is [string, string] => field[1] !== undefined);
  return [...given, ...more];
}

/** What came of one request over HTTP/2. */
export interface H2Exchange {
  readonly client: H2Client;
  readonly upstream: Upstream;
  readonly port: number;
  readonly summary: string;
}

export interface H2ExchangeOptions {
  readonly body?: string | Buffer;
  readonly trailers?: readonly Field[];
  readonly script?: Script;
  readonly options?: Partial<TargetOptions>;
  readonly timeoutMs?: number;
}

/** Sends one request on a connection of its own, and waits for what comes of it. */
export async function h2Exchange(
  lab: Lab,
  list: readonly Field[],
  { body, trailers, script, options, timeoutMs }: H2ExchangeOptions = {},
): Promise<H2Exchange> {
  const { upstream, port } = await lab.pair(script, { ...H2C, ...options });
  const client = await lab.http2(port);
  const last = body === undefined && trailers === undefined ? END_STREAM : 0;
  await client.request(1, list, last);
  if (body !== undefined)
    client.write(frame(DATA, trailers === undefined ? END_STREAM : 0, 1, Buffer.from(body)));
  if (trailers !== undefined) sendTrailers(client, trailers);
  await client.done(1, timeoutMs);
  await sleep(50);
  return { client, upstream, port, summary: `${client.summary()}, ${upstream.requests().length} upstream` };
}

/** Ends a request by its trailers. */
export function sendTrailers(client: H2Client, trailers: readonly Field[]): void {
  client.write(frame(HEADERS, END_HEADERS | END_STREAM, 1, encodeFields(trailers)));
}

/** Whether the stream, or all of the connection, was refused. */
const refused = ({ client }: H2Exchange) => {
  const { reset } = client.stream(1);
  return (
    (client.status(1) ?? 0) >= 400 ||
    reset !== undefined ||
    client.goaway !== undefined ||
    client.ended !== undefined
  );
};

/**
 * Refused, and no whole request at the backend.
 * @throws Finding
 */
export function h2Rejected(exchange: H2Exchange): string {
  const whole = exchange.upstream.requests().filter(({ complete }) => complete);
  check(whole.length === 0, () => `forwarded ${JSON.stringify(exchange.upstream.text.slice(0, 300))}`);
  check(refused(exchange), () => `not refused: ${exchange.summary}`);
  return exchange.summary;
}

/**
 * Refused, or one request at the backend that nobody can read in another way, without a word of what was
 * slipped in.
 * @throws Finding
 */
export function h2RejectedOrClean(exchange: H2Exchange): string {
  const { upstream, summary } = exchange;
  if (!upstream.requests().some(({ complete }) => complete)) return h2Rejected(exchange);
  unambiguous(upstream, 1);
  const [request] = upstream.requests();
  const lines = [request?.startLine, ...(request?.headers.map(([name]) => name) ?? [])];
  check(
    !lines.some((line) => line?.includes('smuggled')),
    () => `forwarded ${JSON.stringify(upstream.text.slice(0, 300))}`,
  );
  return summary;
}

/** The only request at the backend, of an exchange that went well. */
export function h2Forwarded({ upstream, client, summary }: H2Exchange) {
  check(client.status(1) === 200, () => `200 expected: ${summary}`);
  return onlyRequest(upstream);
}
