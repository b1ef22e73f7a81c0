// `npm run fuzz`: our parsers of HTTP/1.1 against llhttp and undici, for as long as one likes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../../../bench/command.ts';
import { readArguments, readInteger } from '../../../../examples/terminal/arguments.ts';
import { type Kind, nameOf, Rounds } from './rounds.ts';

const CORPUS = join(import.meta.dirname, '../corpus');
const MAX_SEED = 2 ** 31 - 1;

interface Options {
  readonly help: boolean;
  readonly minutes: number;
  readonly seed: number;
}

/** @throws Error with a message of one line if the command line is invalid */
function readOptions(args: readonly string[]): Options {
  const { help, minutes, seed } = readArguments(args, {
    help: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
  });
  if (!(Number(minutes) > 0))
    throw new RangeError(`--minutes must be a number above 0, got ${JSON.stringify(minutes)}`);
  return {
    help,
    minutes: Number(minutes),
    seed:
      seed === undefined ? Math.floor(Math.random() * MAX_SEED) : readInteger('--seed', seed, 0, MAX_SEED),
  };
}

async function fuzz({ minutes, seed }: Options): Promise<number> {
  console.log(`fuzzing for ${minutes} min, seed ${seed}`);
  const rounds = await Rounds.start();
  const endsAt = performance.now() + minutes * 60_000;
  const counts = { request: 0, response: 0, found: 0 };
  for (let round = 0; performance.now() < endsAt; round++) {
    const kind: Kind = round % 5 === 0 ? 'response' : 'request';
    counts[kind]++;
    const found = await rounds.round(kind, seed + round);
    if (found === undefined) continue;
    counts.found++;
    const file = join(CORPUS, nameOf(kind, found.bytes));
    writeFileSync(file, found.bytes);
    console.error(`seed ${seed + round}, ${file}: ${found.finding}`);
    if (counts.found >= 10) break;
  }
  rounds.close();
  console.log(
    `${counts.request} requests, ${counts.response} responses, ${counts.found} differences that are not meant`,
  );
  return counts.found === 0 ? 0 : 1;
}

process.exitCode = await runCommand({
  name: 'fuzz',
  usage: `npm run fuzz -- [--minutes N] [--seed INTEGER]

Random and mutated bytes through our parsers and through llhttp and undici. What they read in different ways,
and no list calls meant, is printed and kept in gateway/test/http1/corpus: exit code 1.`,
  readOptions,
  run: fuzz,
});
