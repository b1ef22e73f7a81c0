// What is believed of a source that fails, lies, stutters or falls silent.
import { afterEach, describe, expect, it } from 'vitest';
import {
  type DiscoveredBackend,
  type DiscoveryWatch,
  type Snapshot,
  type SteadyOptions,
  steady,
} from '../../src/discovery/index.ts';
import { TestEnv } from '../support.ts';
import { FakeSource, settled } from './fake-source.ts';

const watches: DiscoveryWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
});

/** A watch over a source, with all that it told. */
function watched(
  source: FakeSource,
  options: SteadyOptions = {},
  remembered: readonly DiscoveredBackend[] = [],
) {
  const env = new TestEnv();
  const sets: string[] = [];
  const snapshots: Snapshot[] = [];
  const lines: string[] = [];
  const down = new Set<string>();
  const watch = steady(source, { env, report: (line) => lines.push(line), ...options }).start(
    {
      changed(snapshot) {
        snapshots.push(snapshot);
        sets.push(snapshot.backends.map(({ id = '' }) => id).join());
      },
      isDown: (id) => down.has(id),
    },
    remembered,
  );
  watches.push(watch);
  const pass = async (ms: number) => {
    env.advance(ms);
    await settled();
  };
  return { env, sets, snapshots, lines, watch, down, pass };
}

describe('a source that works', () => {
  it('is passed on: the first set, each change, and nothing else', async () => {
    const source = new FakeSource();
    const { sets, snapshots, watch, pass } = watched(source);
    expect(watch.stats()).toMatchObject({ source: 'fake', state: 'starting', ageMs: undefined, backends: 0 });
    await source.tell('a', 'b');
    await pass(100);
    await source.tell('a', 'b');
    await source.tell('a', 'b', { id: 'c', url: 'http://c', weight: 2, draining: true });
    expect(sets).toEqual(['a,b', 'a,b,c']);
    expect(snapshots[1]?.backends[2]).toEqual({ id: 'c', url: 'http://c', weight: 2, draining: true });
    await pass(10);
    expect(watch.stats()).toMatchObject({
      state: 'current',
      version: '3',
      ageMs: 10,
      backends: 3,
      snapshots: 3,
    });
  });

  it('tells of an empty first set', async () => {
    const source = new FakeSource();
    const { sets, watch } = watched(source);
    await source.tell();
    expect([sets, watch.stats().state]).toEqual([[''], 'current']);
  });

  it('goes on at once for the first change, and for those within 50 ms together', async () => {
    const source = new FakeSource();
    const { sets, pass } = watched(source);
    await source.tell('a');
    await pass(1_000);
    await source.tell('a', 'b');
    await source.tell('a', 'b', 'c');
    await pass(49);
    await source.tell('a', 'b', 'c', 'd');
    expect(sets).toEqual(['a', 'a,b']);
    await pass(1);
    expect(sets).toEqual(['a', 'a,b', 'a,b,c,d']);
    await source.tell('b', 'c', 'd');
    await pass(50);
    expect(sets.at(-1)).toBe('b,c,d');
  });

  it('is read anew after 5 minutes, or up to 15 % earlier', async () => {
    const source = new FakeSource();
    const { pass } = watched(source);
    await source.tell('a');
    await pass(254_000);
    expect(source.watches).toBe(1);
    await pass(46_000);
    expect(source.watches).toBe(2);
  });

  it('can be read as a source itself, the latest set at a time', async () => {
    const source = new FakeSource();
    const stop = new AbortController();
    const read: string[] = [];
    const reading = (async () => {
      for await (const { backends } of steady(source, { coalesceMs: 0, env: new TestEnv() }).watch(
        stop.signal,
      ))
        read.push(backends.map(({ id }) => id).join());
    })();
    await source.tell('a');
    await source.tell('a', 'b');
    expect(read).toEqual(['a', 'a,b']);
    stop.abort();
    await reading;
  });
});

describe('a backend that is not listed any more', () => {
  it('leaves at once where each snapshot is complete', async () => {
    const source = new FakeSource(1);
    const { sets, pass } = watched(source);
    await source.tell('a', 'b', 'c');
    await pass(50);
    await source.tell('a', 'b');
    expect(sets).toEqual(['a,b,c', 'a,b']);
  });

  it('leaves after two answers without it where an answer may be partial', async () => {
    const source = new FakeSource(2);
    const { sets, pass, lines } = watched(source);
    await source.tell('a', 'b', 'c');
    await source.tell('a', 'b');
    await source.tell('a', 'b', 'c');
    await source.tell('a', 'c');
    await pass(50);
    expect(sets).toEqual(['a,b,c']);
    await source.tell('a', 'c');
    await pass(50);
    expect([sets, lines]).toEqual([['a,b,c', 'a,c'], []]);
  });

  it('leaves after holdMs where the source says no more', async () => {
    const source = new FakeSource(2);
    const { sets, pass } = watched(source);
    await source.tell('a', 'b', 'c');
    await source.tell('a', 'b');
    await pass(29_999);
    expect(sets).toEqual(['a,b,c']);
    await pass(1);
    expect(sets).toEqual(['a,b,c', 'a,b']);
  });
});

describe('a loss of more than half', () => {
  it('is held for 30 s, while what is new counts at once', async () => {
    const source = new FakeSource();
    const { sets, lines, watch, pass } = watched(source);
    await source.tell('a', 'b', 'c', 'd', 'f');
    await pass(1_000);
    await source.tell('a', 'e');
    expect(sets).toEqual(['a,b,c,d,f', 'a,e,b,c,d,f']);
    expect(watch.stats()).toMatchObject({ state: 'holding', held: 4, backends: 6 });
    expect(lines).toEqual(['fake: lists 2 of 6 backends; the others are kept for a while']);
    await pass(29_999);
    expect(sets).toHaveLength(2);
    await pass(1);
    expect(sets.at(-1)).toBe('a,e');
    expect(watch.stats()).toMatchObject({ state: 'current', held: 0 });
  });

  it('of all is held too, and told once', async () => {
    const source = new FakeSource();
    const { sets, lines, watch, pass } = watched(source);
    await source.tell('a', 'b');
    await pass(1_000);
    await source.tell();
    await source.tell();
    await pass(29_000);
    expect([sets, watch.stats().state, watch.stats().held]).toEqual([['a,b'], 'holding', 2]);
    expect(lines).toEqual(['fake: lists 0 of 2 backends; the others are kept for a while']);
    await pass(1_000);
    expect([sets, watch.stats().state]).toEqual([['a,b', ''], 'current']);
  });

  it('ends when the backends are back', async () => {
    const source = new FakeSource();
    const { sets, watch, pass } = watched(source);
    await source.tell('a', 'b', 'c');
    await source.tell('a');
    await pass(20_000);
    await source.tell('a', 'b', 'c');
    await pass(60_000);
    expect([sets, watch.stats().held]).toEqual([['a,b,c'], 0]);
  });

  it('is believed at once for each backend that health checks found down', async () => {
    const source = new FakeSource();
    const { sets, watch, down, pass } = watched(source);
    await source.tell('a', 'b', 'c', 'd');
    await pass(50);
    down.add('c').add('a');
    await source.tell('a');
    expect(sets.at(-1)).toBe('a,b,d');
    await pass(50);
    down.add('b');
    watch.recheck();
    expect(sets.at(-1)).toBe('a,d');
  });

  it('is none of those that were draining: they had said that they would go', async () => {
    const source = new FakeSource();
    const { sets, pass } = watched(source);
    const leaves = (id: string) => ({ id, url: `http://${id}`, draining: true });
    await source.tell(leaves('a'), leaves('b'), 'c', 'd');
    await pass(50);
    await source.tell('c', 'd');
    await pass(50);
    await source.tell(leaves('c'), leaves('d'));
    await pass(50);
    await source.tell();
    await pass(50);
    expect(sets).toEqual(['a,b,c,d', 'c,d', 'c,d', '']);
  });

  it('is none where as many others come', async () => {
    const source = new FakeSource();
    const { sets, pass } = watched(source);
    await source.tell('a', 'b');
    await pass(50);
    await source.tell('c', 'd');
    expect(sets).toEqual(['a,b', 'c,d']);
  });
});

describe('a store that was lost', () => {
  it('fills again in a new epoch; nothing leaves for 30 s', async () => {
    const source = new FakeSource();
    const { sets, lines, pass } = watched(source);
    await source.tell('a', 'b', 'c', 'd', 'e');
    source.epoch = 'e2';
    for (const listed of [[], ['a'], ['a', 'b'], ['a', 'b', 'c', 'd']]) {
      await source.tell(...listed);
      await pass(500);
    }
    expect(sets).toEqual(['a,b,c,d,e']);
    expect(lines[0]).toBe('fake: a new epoch began: "e2" after "e1"');
    await pass(30_000);
    expect(sets).toEqual(['a,b,c,d,e', 'a,b,c,d']);
  });

  it('that comes back with a former epoch is not believed for 30 s', async () => {
    const source = new FakeSource();
    const { sets, lines, watch, pass } = watched(source);
    await source.tell('a', 'b');
    source.epoch = 'e2';
    await source.tell('a', 'b', 'c');
    await pass(60_000);
    source.epoch = 'e1';
    await source.tell('a', 'b');
    await source.tell('a', 'b');
    await pass(29_999);
    expect(sets).toEqual(['a,b', 'a,b,c']);
    expect(lines.slice(1)).toEqual(['fake: epoch must not go back, got "e1" after "e2"']);
    await pass(1);
    await source.tell('x', 'a', 'b');
    await pass(50);
    expect(watch.stats()).toMatchObject({ epoch: 'e1', refused: 2 });
    expect(sets.at(-1)).toBe('x,a,b,c');
  });

  it('that goes back to an older version is not believed for 30 s', async () => {
    const source = new FakeSource();
    const { sets, lines, pass } = watched(source);
    const at = (version: string, ...ids: string[]) =>
      source.tellRaw({ epoch: 'e', version, backends: ids.map((id) => ({ id, url: `http://${id}` })) });
    await at('9', 'a');
    await pass(50);
    await at('10', 'a', 'b');
    await at('9', 'a');
    await pass(50);
    expect([sets, lines]).toEqual([['a', 'a,b'], ['fake: version must not go back, got "9" after "10"']]);
    await pass(30_000);
    await at('9', 'a', 'b', 'c');
    expect(sets.at(-1)).toBe('a,b,c');
  });
});

describe('a source that lies', () => {
  const entry = (id: string, more: object = {}) => ({ id, url: `http://${id}`, ...more });
  it.each<[string, unknown[], string]>([
    [
      'a URL that is none',
      [entry('b'), entry('a', { url: 'nonsense' })],
      'backends[1].url must be host:port',
    ],
    [
      'a weight of NaN',
      [entry('b'), entry('a', { weight: Number.NaN })],
      'backends[1].weight must be a number',
    ],
    [
      'an id that is none',
      [entry('a'), entry('b'), { id: 7, url: 'http://c' }],
      'backends[2].id must be a string',
    ],
    ['a hole', [entry('a'), undefined, entry('b')], 'backends[1] must be an object with url, got undefined'],
    ['draining by a word', [entry('b'), entry('a', { draining: 'no' })], 'backends[1].draining must be true'],
    [
      'an address that is none',
      [entry('b'), entry('a', { address: 'x.test' })],
      'backends[1].address must be',
    ],
    [
      'one id twice',
      [entry('a', { url: 'http://x' }), entry('a', { url: 'http://y' }), entry('b')],
      'backends[1].id "a" already stands for http://x',
    ],
  ])('with %s: one line, the last good set stays', async (_, backends, line) => {
    const source = new FakeSource();
    const { snapshots, lines, watch, pass } = watched(source);
    const before = [entry('a'), entry('b')];
    await source.tell(...before);
    await pass(50);
    await source.tellRaw({ epoch: 'e1', version: '5', backends });
    await source.tellRaw({ epoch: 'e1', version: '6', backends });
    await pass(60_000);
    expect(lines).toEqual([expect.stringContaining(`fake: ${line}`)]);
    const last = [...(snapshots.at(-1)?.backends ?? [])].sort((x, y) =>
      (x.id ?? '').localeCompare(y.id ?? ''),
    );
    expect(last).toEqual(before);
    expect(watch.stats()).toMatchObject({ refused: 2, trouble: expect.stringContaining(line) });
  });

  it('takes the good entries beside the bad ones', async () => {
    const source = new FakeSource();
    const { sets, lines } = watched(source);
    await source.tellRaw({
      epoch: 'e',
      version: '1',
      backends: [entry('a'), entry('b', { weight: -1 }), entry('c')],
    });
    expect([sets, lines.length]).toEqual([['a,c'], 1]);
  });

  it.each<[string, unknown, string]>([
    ['nothing', null, 'a snapshot must be an object with an array backends, got null'],
    ['no backends', { epoch: 'e1', version: '3' }, 'a snapshot must be an object with an array backends'],
    ['no epoch', { version: '3', backends: [] }, 'epoch must be a string, got undefined'],
    ['a number for a version', { epoch: 'e1', version: 3, backends: [] }, 'version must be a string, got 3'],
    [
      'a million entries',
      { epoch: 'e1', version: '3', backends: new Array(1e6) },
      'backends must be at most 100000, got 1000000',
    ],
  ])('with %s for a snapshot: one line, the last good set stays', async (_, snapshot, line) => {
    const source = new FakeSource();
    const { sets, lines, pass } = watched(source);
    await source.tell('a', 'b');
    await pass(50);
    await source.tellRaw(snapshot);
    await source.tellRaw(snapshot);
    await pass(60_000);
    expect(sets).toEqual(['a,b']);
    expect(lines).toEqual([expect.stringContaining(`fake: ${line}`)]);
    await source.tell('a', 'b', 'c');
    expect(sets).toEqual(['a,b', 'a,b,c']);
  });

  it('names ten bad entries, and counts the others', async () => {
    const source = new FakeSource();
    const { lines } = watched(source);
    await source.tellRaw({ epoch: 'e', version: '1', backends: new Array(5_000).fill({ url: 'x y' }) });
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe('fake: and 4990 more entries');
  });
});

describe('a source that fails', () => {
  it('keeps the set, and is asked again after pauses that grow', async () => {
    const source = new FakeSource();
    const { sets, lines, watch, pass } = watched(source);
    await source.tell('a', 'b');
    for (let i = 0; i < 5; i++) {
      await source.fail('no route');
      expect(watch.stats()).toMatchObject({
        state: 'failing',
        errors: i + 1,
        trouble: 'no route',
        backends: 2,
      });
      await pass(100 * 2 ** i - 1);
      expect(source.watches).toBe(i + 1);
      await pass(100 * 2 ** i + 1);
      expect(source.watches).toBe(i + 2);
    }
    await source.tell('a', 'b', 'c');
    expect(sets).toEqual(['a,b', 'a,b,c']);
    expect(lines).toEqual(['fake: no route', 'fake: answers again']);
    expect(watch.stats()).toMatchObject({ state: 'current', trouble: undefined });
  });

  it('pauses for 30 s at most', async () => {
    const source = new FakeSource();
    const { pass } = watched(source);
    for (let i = 0; i < 20; i++) {
      await source.fail('x');
      await pass(30_000);
    }
    expect(source.watches).toBe(21);
  });

  it('or ends is asked again', async () => {
    const source = new FakeSource();
    const { lines, pass } = watched(source);
    await source.tell('a');
    await source.end();
    await pass(200);
    expect([source.watches, lines]).toEqual([2, ['fake: the watch ended']]);
  });

  it('or hangs, whatever its signal says, is asked again', async () => {
    let calls = 0;
    const next = () => {
      calls++;
      return new Promise<never>(() => {});
    };
    const hanging = { watch: () => ({ [Symbol.asyncIterator]: () => ({ next }) }) };
    const env = new TestEnv();
    const watch = steady(hanging, { env, rereadMs: 1_000 }).start({ changed() {} });
    for (let i = 0; i < 3; i++) {
      env.advance(1_000);
      await settled();
    }
    expect(calls).toBe(4);
    expect(watch.stats()).toMatchObject({ state: 'failing', trouble: 'no answer within 1000 ms' });
    watch.close();
    await settled();
    expect(env.pendingTimers).toBe(0);
  });

  it('leaves no timer when it is closed, while it waits or pauses', async () => {
    const source = new FakeSource();
    const { env, watch } = watched(source);
    await source.tell('a', 'b', 'c');
    await source.tell('a');
    await source.fail('x');
    watch.close();
    await settled();
    expect(env.pendingTimers).toBe(0);
  });
});

describe('the set of the last run', () => {
  it('serves until the source answers; what that lacks is kept for 30 s', async () => {
    const source = new FakeSource();
    const remembered = [
      { id: 'a', url: 'http://a' },
      { id: 'b', url: 'http://b' },
      { id: 'x', url: 'x y' },
    ];
    const { sets, watch, pass } = watched(source, {}, remembered);
    expect([sets, watch.stats().state]).toEqual([['a,b'], 'starting']);
    await source.tell('a', 'c');
    await pass(50);
    expect(sets.at(-1)).toBe('a,c,b');
    await pass(30_000);
    expect(sets.at(-1)).toBe('a,c');
  });
});

describe('the options', () => {
  it.each<[unknown, string]>([
    [{ holdMs: -1 }, 'steady.holdMs must be a finite number of milliseconds of at least 0, got -1'],
    [{ maxLossRatio: 2 }, 'steady.maxLossRatio must be a number from 0 to 1, got 2'],
    [{ retireAfter: 0 }, 'steady.retireAfter must be an integer of at least 1, got 0'],
    [{ holdMS: 1 }, 'steady.holdMS is not an option; did you mean "holdMs"?'],
    [7, 'the options of steady must be an object, got 7'],
  ])('refuses %j', (options, message) => {
    expect(() => steady(new FakeSource(), options as never)).toThrow(message);
  });

  it('refuses what is no source', () => {
    expect(() => steady({} as never)).toThrow('source must be an object with a method watch, got {}');
  });
});
