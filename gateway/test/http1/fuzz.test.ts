// Our parsers against llhttp and undici, on the corpus and on random bytes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare } from './fuzz/compare.ts';
import { REQUEST_DIFFERENCES } from './fuzz/intended.ts';
import { cut, Random } from './fuzz/random.ts';
import { type Kind, Rounds, splitFinding } from './fuzz/rounds.ts';

const CORPUS = join(import.meta.dirname, 'corpus');
// The same each time: `npm run fuzz` looks for what is new.
const SEED = 20_261_129;

let rounds: Rounds;

beforeAll(async () => {
  rounds = await Rounds.start();
});

afterAll(() => rounds.close());

describe('the corpus', () => {
  it.each(readdirSync(CORPUS))('%s', async (name) => {
    const kind = name.split('-', 1)[0] as Kind;
    const bytes = readFileSync(join(CORPUS, name));
    expect(splitFinding(kind, bytes, new Random(1))).toBeUndefined();
    for (const seed of [1, 2, 3])
      expect(await rounds.check(kind, bytes, cut(bytes, new Random(seed)))).toBeUndefined();
  });
});

describe('random bytes', () => {
  it.each<[Kind, number]>([
    ['request', 2_000],
    ['response', 400],
  ])(`that are nearly a %s are read as others read them (seed ${SEED})`, async (kind, count) => {
    for (let round = 0; round < count; round++)
      expect(await rounds.round(kind, SEED + round), `seed ${SEED + round}`).toBeUndefined();
  });
});

describe('a comparison', () => {
  const message = { start: 'GET /', fields: [], body: '', trailers: [] };
  const bytes = Buffer.from('GET / HTTP/1.1\r\n\r\n');

  it('finds another content, another number of messages, and a fault that only one sees', () => {
    const own = { messages: [message], end: 'end', starts: [0, 18] };
    const of = (peer: Parameters<typeof compare>[3], ours = own) => compare('request', bytes, ours, peer);
    expect(of({ messages: [message], end: 'closed' })).toBeUndefined();
    expect(of({ messages: [{ ...message, body: 'x' }], end: 'end' })).toContain('message 0 differs');
    expect(of({ messages: [], end: 'half' })).toContain('peer 0 then half');
    expect(of({ messages: [message], end: 'HPE_INVALID_HEADER_TOKEN' })).toContain(
      'HPE_INVALID_HEADER_TOKEN',
    );
    expect(of({ messages: [message], end: 'end' }, { ...own, end: 'syntax' })).toContain('own 1 then syntax');
  });

  it('lets pass what is meant', () => {
    const brew = Buffer.from('BREW / HTTP/1.1\r\n\r\n');
    const own = { messages: [{ ...message, start: 'BREW /' }], end: 'end', starts: [0, 19] };
    expect(compare('request', brew, own, { messages: [], end: 'HPE_INVALID_METHOD' })).toBeUndefined();
    for (const { what, why } of REQUEST_DIFFERENCES) expect([what, why]).not.toContain('');
  });
});
