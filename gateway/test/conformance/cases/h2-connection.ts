import { check } from '../case.ts';
import type { Lab } from '../lab.ts';
import type { H2Client } from '../wire/h2-client.ts';
import { until } from '../wire/poll.ts';
import type { Script, Upstream } from '../wire/upstream.ts';
import { fields, H2C } from './h2-exchange.ts';

/** Whether others are served; the point of every flood. */
export async function serves(lab: Lab, port: number): Promise<void> {
  const client = await lab.http2(port);
  await client.request(1, fields({ ':path': '/alive' }));
  await client.done(1, 5_000);
  check(client.status(1) === 200, () => `others are not served: ${client.summary()}`);
}

/** Whether the other side has ended the connection. */
export const isOver = (client: H2Client) => client.ended !== undefined || client.goaway !== undefined;

/** A connection over which nothing was asked yet, and its backend. */
export async function connected(
  lab: Lab,
  script: Script = {},
): Promise<{ upstream: Upstream; port: number; client: H2Client }> {
  const { upstream, port } = await lab.pair(script, H2C);
  const client = await lab.http2(port);
  await until(() => client.settings.size > 0 || client.frames.length > 0, 2_000);
  return { upstream, port, client };
}
