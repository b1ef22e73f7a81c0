import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';
import type { Command } from '../../src/contracts.ts';
import { ChangeJournal } from '../../src/workers/change-journal.ts';

const [A, B] = ['http://10.0.0.1:8080', 'http://10.0.0.2:8080'];

const add = (url: string, id?: string): Command => ({
  type: 'add',
  pool: 'shop',
  backend: { url, ...(id === undefined ? {} : { id }) },
});
const weight = (backend: string, value: number): Command => ({
  type: 'weight',
  pool: 'shop',
  backend,
  weight: value,
});
const on = (type: 'remove' | 'drain' | 'resume', backend: string, pool = 'shop'): Command => ({
  type,
  pool,
  backend,
});

function journalOf(...commands: Command[]): ChangeJournal {
  const journal = new ChangeJournal();
  for (const command of commands) journal.note(command);
  return journal;
}

const pools = (shop: object) =>
  readConfig({
    listeners: [{ port: 0 }],
    pools: { shop, other: { backends: [A] } },
    routes: [{ path: '/shop', pool: 'shop' }, { pool: 'other' }],
  }).pools;

describe('a journal of changes', () => {
  it('keeps different changes in their order', () => {
    const commands = [add(A), weight(A, 2), on('drain', A), on('drain', B), on('drain', A, 'other')];
    expect(journalOf(...commands).commands).toEqual(commands);
  });

  it.each<[string, Command[], Command[]]>([
    ['another weight', [weight(A, 2), weight(A, 3)], [weight(A, 3)]],
    ['a resume', [on('drain', A), on('resume', A)], [on('resume', A)]],
    ['a removal', [weight(A, 2), on('drain', A), on('remove', A)], [on('remove', A)]],
    ['the removal of what was added', [add(A), weight(A, 2), on('remove', A)], []],
    ['the removal of what was added by a name', [add(A, 'alpha'), on('remove', 'alpha')], []],
    [
      'the removal of what was added in another spelling',
      [add('HTTP://10.0.0.1:80/'), on('remove', 'http://10.0.0.1')],
      [],
    ],
    [
      'a resume in another spelling',
      [on('drain', 'http://10.0.0.1:80'), on('resume', 'HTTP://10.0.0.1/')],
      [on('resume', 'HTTP://10.0.0.1/')],
    ],
    [
      'the second removal of a configured backend',
      [on('remove', A), add(A), on('remove', A)],
      [on('remove', A)],
    ],
  ])('leaves out what %s has overtaken', (_, commands, kept) => {
    expect(journalOf(...commands).commands).toEqual(kept);
  });

  it('keeps that a configured backend was removed and added again', () => {
    const commands = [on('remove', A), add(A), weight(A, 2)];
    expect(journalOf(...commands).commands).toEqual(commands);
  });

  it('does not grow while backends come and go', () => {
    const journal = new ChangeJournal();
    for (let i = 0; i < 1_000; i++) {
      journal.note(add(`http://10.1.${i >> 8}.${i & 255}:8080`));
      journal.note(weight(`http://10.1.${i >> 8}.${i & 255}:8080`, 2));
      journal.note(on('remove', `http://10.1.${i >> 8}.${i & 255}:8080`));
    }
    expect(journal.commands).toEqual([]);
  });

  it('forgets at another configuration what that has undone', () => {
    const kept = [on('drain', A), add('http://10.0.0.9:8080'), weight('http://10.0.0.9:8080', 3)];
    const journal = journalOf(...kept, on('drain', B), weight(A, 5), on('drain', A, 'other'));
    const before = pools({ backends: [A, B] });
    journal.follow(before, before);
    expect(journal.commands).toHaveLength(6);
    // B has left, and A has another weight in the file.
    journal.follow(before, pools({ backends: [{ url: A, weight: 2 }] }));
    expect(journal.commands).toEqual([...kept, on('drain', A, 'other')]);
    // Other settings of the pool undo nothing.
    journal.follow(before, pools({ backends: [A], strategy: 'random' }));
    expect(journal.commands).toEqual([...kept, on('drain', A, 'other')]);
    journal.follow(before, {});
    expect(journal.commands).toEqual([]);
  });

  it('forgets what was done to a backend that has moved', () => {
    const journal = journalOf(on('drain', 'alpha'), weight('alpha', 5), on('drain', A));
    const before = pools({ backends: [{ id: 'alpha', url: B }, A] });
    journal.follow(before, pools({ backends: [{ id: 'alpha', url: `${B}/` }, A] }));
    expect(journal.commands).toHaveLength(3);
    journal.follow(before, pools({ backends: [{ id: 'alpha', url: 'http://10.0.0.3:8080' }, A] }));
    expect(journal.commands).toEqual([on('drain', A)]);
  });
});
