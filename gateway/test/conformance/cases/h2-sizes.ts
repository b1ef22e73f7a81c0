import { type Case, check } from '../case.ts';
import * as frames from '../wire/frames.ts';
import { encodeFields, encodeIndexed, type Field } from '../wire/hpack.ts';
import { connected, isOver, serves } from './h2-connection.ts';
import { fields } from './h2-exchange.ts';

const { frame } = frames;

/** Heads that no gateway should take. */
const LARGE: readonly (readonly [id: string, title: string, block: Buffer])[] = [
  [
    'X37',
    'a field list of 200 KB',
    encodeFields(fields({}, ...Array.from({ length: 20 }, (_, i): Field => [`x-${i}`, 'a'.repeat(10_000)]))),
  ],
  [
    'X38',
    '3,000 fields',
    encodeFields(fields({}, ...Array.from({ length: 3_000 }, (_, i): Field => [`x-${i}`, '1']))),
  ],
  [
    'X47',
    'a field list of 32 MB out of 12 KB',
    Buffer.concat([
      encodeFields(fields()),
      encodeIndexed(['x-a', 'a'.repeat(4_000)]),
      Buffer.alloc(8_000, 0xbe),
    ]),
  ],
];

/** A header block in as many frames as it takes. */
function blockFrames(stream: number, block: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < block.length; at += 16_384) parts.push(block.subarray(at, at + 16_384));
  return parts.map((part, i) => {
    const end = i === parts.length - 1 ? frames.END_HEADERS : 0;
    return i === 0
      ? frame(frames.HEADERS, end | frames.END_STREAM, stream, part)
      : frame(frames.CONTINUATION, end, stream, part);
  });
}

/** RFC 9113 section 10.5. */
export const h2Sizes: readonly Case[] = LARGE.map(
  ([id, title, block]): Case => ({
    id,
    title: `${title}: refused`,
    needs: 'http2',
    run: async (lab) => {
      const { upstream, port, client } = await connected(lab);
      client.write(...blockFrames(1, block));
      await client.done(1, 3_000);
      check(upstream.text === '', 'forwarded');
      const { reset } = client.stream(1);
      check(
        (client.status(1) ?? 0) >= 400 || reset !== undefined || isOver(client),
        () => `not refused: ${client.summary()}`,
      );
      await serves(lab, port);
      return client.summary();
    },
  }),
);
