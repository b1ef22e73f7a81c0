import { afterEach, describe, expect, it } from 'vitest';
import type { Command } from '../src/contracts.ts';
import { Engine } from '../src/engine.ts';
import { ControlError } from '../src/errors.ts';
import { resolved, type resolvedPool } from './resolved.ts';
import { KeptLog } from './workers/fakes.ts';

type PoolInput = Parameters<typeof resolvedPool>[0];

const [A, B] = ['http://10.0.0.1', 'http://10.0.0.2'] as const;
const SECRET = 'a secret that has 32 bytes or more';
const engines: Engine[] = [];

afterEach(() => {
  for (const engine of engines.splice(0)) engine.destroy();
});

function setUp(pool: Partial<PoolInput> = {}, routes?: Parameters<typeof resolved>[0]['routes']) {
  const config = resolved({ pools: { shop: { backends: [A, B], ...pool } }, ...(routes && { routes }) });
  const engine = new Engine(config, new KeptLog(), () => ({ open: 0, accepted: 0, refused: 0 }));
  engines.push(engine);
  const { control } = engine;
  const backends = async () => (await control.stats()).pools[0]!.backends;
  const backend = async (id: string) => (await backends()).find((one) => one.id === id);
  return { control, backends, backend };
}

/** How a change is refused. */
async function refusalOf(change: Promise<void>): Promise<string> {
  try {
    await change;
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(ControlError);
    return `${(error as ControlError).status} ${(error as ControlError).message}`;
  }
}

describe('a change at run time', () => {
  it('adds a backend, which takes requests at once', async () => {
    const { control, backend } = setUp();
    const added = { url: 'http://10.0.0.3', id: 'c', weight: 2, zone: 'z', backup: true };
    await control.change({ type: 'add', pool: 'shop', backend: added });
    expect(await backend('c')).toMatchObject({ ...added, state: 'up', alive: true, requests: 0 });
  });

  it('removes, drains and resumes', async () => {
    const { control, backend } = setUp();
    const change = (type: 'remove' | 'drain' | 'resume', id: string) =>
      control.change({ type, pool: 'shop', backend: id });
    await change('drain', A);
    expect(await backend(A)).toMatchObject({ state: 'draining', alive: false });
    await change('resume', A);
    expect(await backend(A)).toMatchObject({ state: 'up', alive: true });
    await change('remove', A);
    expect(await backend(A)).toBeUndefined();
  });

  it('is made to a backend that is named in any spelling of its URL', async () => {
    const { control, backend } = setUp();
    await control.change({ type: 'drain', pool: 'shop', backend: 'HTTP://10.0.0.1:80/' });
    expect(await backend(A)).toMatchObject({ state: 'draining' });
  });

  it('sets a weight', async () => {
    const { control, backend } = setUp();
    await control.change({ type: 'weight', pool: 'shop', backend: A, weight: 0.5 });
    expect(await backend(A)).toMatchObject({ weight: 0.5, currentWeight: 0.5 });
  });

  it.each<[string, Command]>([
    ['404 there is no pool "none"', { type: 'remove', pool: 'none', backend: A }],
    ['404 there is no pool "__proto__"', { type: 'remove', pool: '__proto__', backend: A }],
    ['404 pool shop has no backend "x"', { type: 'remove', pool: 'shop', backend: 'x' }],
    ['404 pool shop has no backend "x"', { type: 'drain', pool: 'shop', backend: 'x' }],
    ['404 pool shop has no backend "x"', { type: 'resume', pool: 'shop', backend: 'x' }],
    ['404 pool shop has no backend "x"', { type: 'weight', pool: 'shop', backend: 'x', weight: 1 }],
    ['400 weight must be', { type: 'weight', pool: 'shop', backend: A, weight: -1 }],
    ['400 weight must be', { type: 'weight', pool: 'shop', backend: A, weight: Number.NaN }],
    ['400 backend', { type: 'add', pool: 'shop', backend: { url: 'ftp://10.0.0.3' } }],
    ['400 backend', { type: 'add', pool: 'shop', backend: { url: 'http://10.0.0.3', weight: -1 } }],
    ['409 pool shop already has a backend', { type: 'add', pool: 'shop', backend: { url: A } }],
    [
      '409 pool shop already has a backend',
      { type: 'add', pool: 'shop', backend: { url: `${A}:80/`, id: 'other' } },
    ],
    [
      '409 pool shop already has a backend',
      { type: 'add', pool: 'shop', backend: { url: 'http://10.0.0.3', id: B } },
    ],
  ])('is refused with %s', async (refusal, command) => {
    const { control, backends } = setUp();
    const before = await backends();
    expect(await refusalOf(control.change(command))).toContain(refusal);
    expect(await backends()).toEqual(before);
  });
});

describe('a plan', () => {
  it('tells what a change would move, and changes nothing', async () => {
    const { control, backends } = setUp({});
    const before = await backends();
    const plan = await control.plan({ pool: 'shop', remove: [A] });
    expect(plan.moves).toEqual([{ from: A, to: B, share: plan.moved }]);
    expect(plan.moved).toBeGreaterThan(0.3);
    expect(await backends()).toEqual(before);
  });

  it.each([
    [{ pool: 'none' }, 404, 'there is no pool "none"'],
    [{ pool: 'shop', remove: ['http://c'] }, 400, 'remove names "http://c", which is not in the pool'],
  ])('refuses %o', async (query, status, message) => {
    const { control } = setUp({});
    await expect(control.plan(query)).rejects.toMatchObject({ status, message });
  });
});

describe('an explanation', () => {
  const ROUTES = [
    { host: 'shop.example', path: '/api', pool: 'shop' },
    { host: '*.example', pool: 'shop' },
  ];

  it('names the route, by the host as requests spell it, and who would be chosen', async () => {
    const { control } = setUp({}, ROUTES);
    const { route, explanation } = await control.explain({ path: '/api/x', host: 'SHOP.Example:8080' });
    expect(route).toEqual({ host: 'shop.example', path: '/api', pool: 'shop' });
    expect(explanation?.candidates.map(({ id }) => id).sort()).toEqual([A, B]);
    expect(explanation?.candidates.filter(({ verdict }) => verdict.startsWith('picked'))).toHaveLength(1);
  });

  it('names nobody where no route fits', async () => {
    const { control } = setUp({}, ROUTES);
    const nothing = { route: undefined, explanation: undefined };
    expect(await control.explain({ path: '/' })).toEqual(nothing);
    expect(await control.explain({ path: '/', host: 'a b' })).toEqual(nothing);
  });

  it('takes headers, whatever their case, and addresses into account', async () => {
    const byHeader = setUp({ affinity: { by: 'header', name: 'X-User' } }).control;
    expect((await byHeader.explain({ path: '/', headers: { 'X-USER': 'u' } })).explanation?.key).toBe('u');
    const byAddress = setUp({ affinity: { by: 'client-address' } }).control;
    expect((await byAddress.explain({ path: '/', clientAddress: '192.0.2.1' })).explanation?.key).toBe(
      '192.0.2.1',
    );
  });

  it('is without effect, also on sessions', async () => {
    const { control, backends } = setUp({ sessions: { cookie: { secrets: [SECRET] } } });
    const before = await backends();
    await control.explain({ path: '/', headers: { cookie: 'evenkeel=forged' } });
    expect(await backends()).toEqual(before);
  });
});
