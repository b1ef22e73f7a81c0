// Our parsers against llhttp and undici for a while. The seed is always the same, so that a new find does not
// stop a change that has nothing to do with it: `npm run fuzz` looks for those.
import { expect, it } from 'vitest';
import { Rounds } from '../http1/fuzz/rounds.ts';

const SECONDS = 15;
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_129);

it(`what both readers accept is the same (seed ${SEED})`, async () => {
  const rounds = await Rounds.start();
  const endsAt = performance.now() + SECONDS * 1_000;
  for (let round = 0; performance.now() < endsAt; round++) {
    const kind = round % 5 === 0 ? 'response' : 'request';
    const found = await rounds.round(kind, SEED + round);
    expect(found?.finding, `seed ${SEED + round}`).toBeUndefined();
  }
  rounds.close();
});
