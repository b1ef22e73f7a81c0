// The HTTP/2 floods.

import * as frames from '../../gateway/test/conformance/wire/frames.ts';
import { encodeFields, type Field } from '../../gateway/test/conformance/wire/hpack.ts';

const { frame, uint32 } = frames;

/** A flood: many frames over one connection. */
export interface Flood {
  /** The name, as part of a figure's name. */
  readonly name: string;
  readonly title: string;
  /** Number of frames. @defaultValue the same for all floods */
  readonly count?: number;
  readonly make: (nth: number) => Buffer;
  /** The bytes before the frames. */
  readonly before?: Buffer;
  /** Whether the gateway must end the connection; otherwise it may bound the cost in another way. */
  readonly ends: boolean;
  /** Whether the client reads the responses. @defaultValue true */
  readonly reads?: boolean;
}

const fields = (method: string): Field[] => [
  [':method', method],
  [':scheme', 'http'],
  [':path', '/1k'],
  [':authority', 'flood.example'],
];
const head = (stream: number, flags: number, method = 'GET') =>
  frame(frames.HEADERS, flags, stream, encodeFields(fields(method)));

/** Fewer frames may be within the limits of a connection. */
const RESETS = 5_000;

const WHOLE = frames.END_STREAM | frames.END_HEADERS;
const streamOf = (nth: number) => 2 * nth + 1;
const ping = frame(frames.PING, 0, 0, Buffer.alloc(8));
const settings = frames.settingsFrame([[frames.INITIAL_WINDOW_SIZE, 65_535]]);
const filler = frame(frames.CONTINUATION, 0, 1, encodeFields([['x-a', 'a'.repeat(1_000)]]));
const empty = frame(frames.DATA, 0, 1);

/** RFC 9113 section 10.5, CVE-2023-44487, CVE-2024-27983, CVE-2025-8671, CVE-2019-9512, -9515, -9518. */
export const FLOODS: readonly Flood[] = [
  {
    name: 'reset',
    title: 'streams that are reset at once',
    count: RESETS,
    ends: true,
    make: (nth) => {
      const stream = streamOf(nth);
      return Buffer.concat([head(stream, WHOLE), frame(frames.RST_STREAM, 0, stream, uint32(frames.CANCEL))]);
    },
  },
  {
    name: 'ownReset',
    title: 'streams that the gateway has to reset',
    count: RESETS,
    ends: false,
    make: (nth) => {
      const stream = streamOf(nth);
      // An increment of 0 is an error of the stream (RFC 9113 section 6.9).
      return Buffer.concat([head(stream, WHOLE), frame(frames.WINDOW_UPDATE, 0, stream, uint32(0))]);
    },
  },
  {
    name: 'continuation',
    title: 'CONTINUATION of 1 KB without an end',
    ends: true,
    before: head(1, frames.END_STREAM),
    make: () => filler,
  },
  { name: 'ping', title: 'PING', ends: false, make: () => ping },
  {
    name: 'unreadPing',
    title: 'PING whose answers are not read',
    ends: false,
    reads: false,
    make: () => ping,
  },
  { name: 'settings', title: 'SETTINGS', ends: false, make: () => settings },
  {
    name: 'unreadSettings',
    title: 'SETTINGS whose answers are not read',
    ends: false,
    reads: false,
    make: () => settings,
  },
  {
    name: 'emptyData',
    title: 'empty DATA',
    ends: false,
    before: head(1, frames.END_HEADERS, 'POST'),
    make: () => empty,
  },
];
