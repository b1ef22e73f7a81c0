import { describe, expect, it } from 'vitest';
import { configChanges } from '../../src/cli/config-changes.ts';

describe('what another configuration changes', () => {
  it.each<[string, object, object, string[]]>([
    ['nothing', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }], c: undefined }, []],
    [
      'a setting',
      { limits: { headers: 1, streams: 2 } },
      { limits: { headers: 3, streams: 2 } },
      ['limits.headers is another'],
    ],
    ['one that is new', {}, { pools: { shop: {} } }, ['pools is new']],
    ['one that is gone', { pools: { a: 1, b: 2 } }, { pools: { a: 1 } }, ['pools.b is gone']],
    [
      'an entry of a list',
      { routes: [{ path: '/a' }] },
      { routes: [{ path: '/b' }] },
      ['routes[0].path is another'],
    ],
    ['the length of a list', { routes: [1] }, { routes: [1, 2] }, ['routes has 2 entries (was 1)']],
    [
      'backends, whose order does not count',
      { backends: 1, pools: { p: { backends: ['http://a', 'http://b', { url: 'http://c', weight: 1 }] } } },
      { backends: 1, pools: { p: { backends: ['http://d', { url: 'http://c', weight: 2 }, 'http://a'] } } },
      [
        'pools.p.backends http://b is gone',
        'pools.p.backends http://c.weight is another',
        'pools.p.backends http://d is new',
      ],
    ],
    ['another kind of value', { health: true }, { health: { path: '/' } }, ['health is another']],
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
