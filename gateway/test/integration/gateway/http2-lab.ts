// A gateway with a client over HTTP/2.
import { H2Client, type H2Options } from '../../conformance/wire/h2-client.ts';
import type { Field } from '../../conformance/wire/hpack.ts';
import type { Script } from '../../conformance/wire/upstream.ts';
import { aGateway, anUpstream, atTheEnd, type Settings } from './lab.ts';

/** The fields of a request for `/x`. */
export const fields = (method: string, ...more: Field[]): Field[] => [
  [':method', method],
  [':scheme', 'http'],
  [':path', '/x'],
  [':authority', 'a.test'],
  ...more,
];

/** A gateway without retries before one backend, and a client of it. */
export async function setUp(script: Script, { client, ...settings }: Settings & { client?: H2Options } = {}) {
  const upstream = await anUpstream(script);
  const listener = { h2c: true, ...settings.listener };
  const one = await aGateway({ backends: [upstream.url], retries: false }, { ...settings, listener });
  const h2 = await H2Client.connect(one.port, client);
  atTheEnd(() => h2.socket.destroy());
  return { ...one, upstream, h2 };
}
