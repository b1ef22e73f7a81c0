// The command line of `npm run robustness`.

import { parseArgs } from 'node:util';
import { writableFile } from '../options.ts';
import type { Scale } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const NAMES = SCENARIOS.map(({ name }) => name);

const FULL: Scale = {
  slowConnections: 10_000,
  headersMs: 10_000,
  soakMs: 60_000,
  tunnels: 1_000,
  floodFrames: 20_000,
  pipelined: 180_000,
  slowReaders: 1_000,
  slowAnswers: 8_000,
  bodyBytes: 104_857_600,
  loadMs: 6_000,
};

const QUICK: Scale = {
  slowConnections: 500,
  headersMs: 2_000,
  soakMs: 5_000,
  tunnels: 100,
  floodFrames: 4_000,
  pipelined: 20_000,
  slowReaders: 100,
  slowAnswers: 500,
  bodyBytes: 8_388_608,
  loadMs: 2_000,
};

/** The usage text. */
export const USAGE = `npm run robustness -- [--only NAME]... [--seconds N] [--quick] [--json FILE]

Is hard on the gateway, in a process of its own, and judges what came of it: thousands of slow connections, backends
that are killed and revived under load, tunnels, floods of frames and requests, large bodies that are not read,
limits of the machine. Needs Linux.

  --only NAME   runs this one alone, and others for which it is given again:
                ${NAMES.join(', ')}
  --seconds N   length of the soak, from 3 to 3600; ${FULL.soakMs / 1_000} by default
  --quick       less of everything: shows that everything runs (about two minutes instead of four)
  --json FILE   also writes everything to a file
  --help        shows this

Exits with 0 where every promise was kept, with 1 where one was broken, with 2 for a wrong command line.`;

/** The options of the command line. */
export interface Options {
  readonly help: boolean;
  readonly scale: Scale;
  /** Names of scenarios. */
  readonly names: readonly string[];
  /** The file for JSON results; `undefined` for none. */
  readonly jsonFile: string | undefined;
}

/** @throws Error with a message of one line if the command line is invalid */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const scale = values.quick ? QUICK : FULL;
  const { seconds } = values;
  return {
    help: values.help,
    scale: seconds === undefined ? scale : { ...scale, soakMs: soakMsOf(seconds) },
    names: values.only?.map(nameOf) ?? NAMES,
    jsonFile: values.json === undefined ? undefined : writableFile(values.json),
  };
}

function soakMsOf(text: string): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= 3 && seconds <= 3_600) return seconds * 1_000;
  throw new RangeError(`--seconds must be an integer from 3 to 3600, got ${JSON.stringify(text)}`);
}

function nameOf(text: string): string {
  if (NAMES.includes(text)) return text;
  throw new RangeError(`--only must be one of ${NAMES.join(', ')}, got ${JSON.stringify(text)}`);
}
