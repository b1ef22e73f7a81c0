// `npm run fuzz`: our parsers of HTTP/1.1 against llhttp and undici, for as long as one likes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Kind, nameOf, Rounds } from './rounds.ts';

const CORPUS = join(import.meta.dirname, '../corpus');

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
  });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const minutes = Number(values.minutes);
  if (!(minutes > 0) || !Number.isInteger(seed))
    throw new RangeError('usage: npm run fuzz -- --minutes N [--seed INTEGER]');
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

process.exitCode = await main();
