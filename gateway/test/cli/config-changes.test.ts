import { describe, expect, it } from 'vitest';
import { configChanges } from '../../src/cli/config-changes.ts';

describe('what another configuration changes', () => {
  it.each<[string, object, object, string[]]>([
    ['nothing', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }], c: undefined }, []],
    [
      'a setting',
      { limits: { headers: 1, streams: 2 } },
      { limits: { headers: 3, streams: 2 } },
      ['limits.headers was changed'],
    ],
    ['one that was added', {}, { pools: { shop: {} } }, ['pools was added']],
    ['one that was removed', { pools: { a: 1, b: 2 } }, { pools: { a: 1 } }, ['pools.b was removed']],
    [
      'an entry of a list',
      { routes: [{ path: '/a' }] },
      { routes: [{ path: '/b' }] },
      ['routes[0].path was changed'],
    ],
    ['the length of a list', { routes: [1] }, { routes: [1, 2] }, ['routes has 2 entries (was 1)']],
    [
      'backends, whose order does not count',
      { backends: 1, pools: { p: { backends: ['http://a', 'http://b', { url: 'http://c', weight: 1 }] } } },
      { backends: 1, pools: { p: { backends: ['http://d', { url: 'http://c', weight: 2 }, 'http://a'] } } },
      [
        'pools.p.backends http://b was removed',
        'pools.p.backends http://c.weight was changed',
        'pools.p.backends http://d was added',
      ],
    ],
    [
      'another kind of value',
      { health: true },
      { health: { request: { path: '/' } } },
      ['health was changed'],
    ],
  ])('finds %s', (_, before, after, changes) => {
    expect(configChanges(before, after)).toEqual(changes);
  });

  it('shows no values, and not too many names', () => {
    const of = (value: string) => Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`s${i}`, value]));
    const changes = configChanges(of('geheim'), of('secret'));
    expect(changes).toHaveLength(21);
    expect(changes.at(-1)).toBe('10 more');
    expect(changes.join()).not.toMatch(/geheim|secret/);
  });
});
