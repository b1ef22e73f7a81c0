import { describe, expect, it } from 'vitest';
import { compared, contentOf } from '../../bench/robustness/soak/content.ts';
import { type Entry, Ledger } from '../../bench/robustness/soak/ledger.ts';
import { ledgerVerdicts } from '../../bench/robustness/soak/verdicts.ts';

/** Books in which one request went well, and what somebody makes of another. */
function books(change: (entry: Entry, ledger: Ledger) => void): Ledger {
  const ledger = new Ledger();
  for (const spoil of [() => {}, change]) {
    const entry = ledger.open('POST', 100, 100);
    ledger.complete(entry.id, true);
    ledger.close(entry, { status: 200, content: 'right' });
    spoil(entry, ledger);
  }
  return ledger;
}

/** Which promises are broken, by the beginning of each. */
function broken(ledger: Ledger): string[] {
  return ledgerVerdicts(ledger)
    .filter(({ kept }) => kept === false)
    .map(({ promise }) => promise);
}

const nothing = () => {};

describe('the books of the soak', () => {
  it('are in order where every request got its own answer, or an error that nobody can overlook', () => {
    expect(broken(books(nothing))).toEqual([]);
    const failed = books((entry) => {
      entry.completions = 0;
      entry.ends.splice(0, 1, { error: 'reset' });
    });
    expect(broken(failed)).toEqual([]);
    const refused = books((entry) => {
      entry.completions = 0;
      entry.ends.splice(0, 1, { status: 503, content: 'not compared' });
    });
    expect(broken(refused)).toEqual([]);
  });

  it.each<[string, (entry: Entry, ledger: Ledger) => void, RegExp]>([
    ['no end', ({ ends }) => void ends.pop(), /exactly one/],
    ['two ends', (entry, ledger) => ledger.close(entry, { error: 'reset' }), /exactly one/],
    ['an end that is very late', (entry) => void (entry.endedAt = entry.beganAt + 12_001), /hangs/],
    ['a POST that was complete twice', (entry, ledger) => ledger.complete(entry.id, true), /no POST/],
    ['the answer of another', ({ ends }) => void ends.splice(0, 1, ok('of another')), /is its own/],
    ['a wrong byte', ({ ends }) => void ends.splice(0, 1, ok('wrong')), /is its own/],
    ['an answer from nowhere', (entry) => void (entry.completions = 0), /is its own/],
    ['a short answer', ({ ends }) => void ends.splice(0, 1, ok('short')), /broke off looks whole$/],
    ['another body at the backend', (entry) => void (entry.wrongBodies = 1), /no upload/],
    ['a body that is whole though its client left', (entry) => void (entry.left = true), /no upload/],
    ['a request that nobody sent', (_, ledger) => ledger.complete('r99999999', true), /no upload/],
  ])('show %s', (_, change, promise) => {
    expect(broken(books(change))).toEqual([expect.stringMatching(promise)]);
  });

  it('allow a GET to be complete twice', () => {
    const ledger = new Ledger();
    const entry = ledger.open('GET', 0, 100);
    ledger.complete(entry.id, true);
    ledger.complete(entry.id, true);
    ledger.close(entry, { status: 200, content: 'right' });
    expect(broken(ledger)).toEqual([]);
  });
});

function ok(content: 'of another' | 'wrong' | 'short') {
  return { status: 200, content } as const;
}

describe('the content of an answer', () => {
  const own = contentOf('r00000001', 1_000);
  const other = contentOf('r00000002', 1_000);
  const spoiled = Buffer.from(own);
  spoiled[500] = (own[500] as number) ^ 1;

  it.each([
    ['right', own],
    ['short', own.subarray(0, 999)],
    ['short', Buffer.alloc(0)],
    ['short', own.subarray(0, 4)],
    ['wrong', spoiled],
    ['wrong', Buffer.concat([own, Buffer.from('x')])],
    ['of another', other],
    ['of another', other.subarray(0, 20)],
  ])('is %s', (content, bytes) => {
    expect(compared('r00000001', 1_000, bytes)).toBe(content);
  });
});
