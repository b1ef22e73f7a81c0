import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/contracts.ts';
import { ConfigError } from '../../src/errors.ts';
import { A, B, configOf, Lab } from './cluster.ts';
import { settled } from './fakes.ts';

const other = () => configOf({ pools: { shop: { backends: [A] } } });
const poolsOf = (lab: Lab, pid: number) => lab.process(pid).gateway?.config.pools.shop?.backends;
const failed = (outcome: Promise<unknown>) => outcome.catch((error: unknown) => error);

describe('another configuration', () => {
  it('reaches every worker, and those that come later', async () => {
    const lab = await Lab.serving();
    await lab.gateway.reload(other());
    await lab.end(1);
    await lab.pass(100);
    for (const pid of [1, 2, 3, 4]) expect(poolsOf(lab, pid)).toEqual([A]);
    expect(lab.callsOf(4)).toEqual(['listen']);
  });

  it('changes nothing anywhere where a worker refuses it', async () => {
    const lab = await Lab.serving();
    const refusal = new ConfigError(['pools.shop.backends[0] is wrong']);
    lab.process(1).gateway?.failures.set('reload', refusal);
    expect(await failed(lab.gateway.reload(other()))).toEqual(refusal);
    for (const pid of [2, 3]) expect(lab.callsOf(pid)).toEqual(['listen']);
    await lab.end(3);
    await lab.pass(100);
    expect(poolsOf(lab, 4)).toEqual([A, B]);
  });

  it.each([
    ['workers', { workers: 4 }],
    ['log.level', { log: { level: 'debug' as const } }],
    ['admin', { admin: { port: 0 } }],
    ['listeners', { listeners: [{ port: 8081 }] }],
  ])('is refused where it changes %s, which only a restart can', async (path, extras) => {
    const lab = await Lab.serving();
    expect(await failed(lab.gateway.reload(configOf(extras)))).toEqual(
      new ConfigError([`${path} can only be changed by a restart`]),
    );
    for (const pid of [1, 2, 3]) expect(lab.callsOf(pid)).toEqual(['listen']);
  });

  it('has a worker replaced that does not take what the first has taken', async () => {
    const lab = await Lab.serving();
    lab.process(3).gateway?.failures.set('reload', new Error('out of memory'));
    await lab.gateway.reload(other());
    await lab.pass(100);
    expect(poolsOf(lab, 4)).toEqual([A]);
    expect(lab.callsOf(3).at(-1)).toBe('close undefined');
    expect(lab.log.texts[0]).toMatch(
      /will be replaced: it did not take the new configuration: out of memory$/,
    );
  });

  it('goes to the next worker where the first one hangs, which is ended', async () => {
    const lab = await Lab.serving();
    lab.process(1).isDeaf = true;
    const done = lab.gateway.reload(other());
    await settled();
    await lab.pass(10_000);
    await done;
    await lab.pass(100);
    expect(lab.process(1).kills).toBe(1);
    for (const pid of [2, 3, 4]) expect(poolsOf(lab, pid)).toEqual([A]);
  });

  it('is what those begin with that come where nobody serves', async () => {
    const lab = await Lab.serving();
    for (const pid of [1, 2, 3]) await lab.end(pid);
    await lab.gateway.reload(other());
    await lab.pass(100);
    for (const pid of [4, 5, 6]) expect(poolsOf(lab, pid)).toEqual([A]);
  });

  it('fails where all that serve are silent', async () => {
    const lab = await Lab.serving();
    for (const pid of [1, 2, 3]) lab.process(pid).isDeaf = true;
    const reloaded = failed(lab.gateway.reload(other()));
    for (let i = 0; i < 3; i++) {
      await settled();
      await lab.pass(10_000);
    }
    expect(await reloaded).toEqual(new Error('no worker took the new configuration'));
  });

  it('leaves all workers the port that they have, where any would do', async () => {
    const anyPort = (extras = {}) =>
      configOf({ listeners: [{ host: '127.0.0.1', port: 0 }, { port: 9 }], ...extras });
    const lab = await Lab.serving(anyPort());
    const portsOf = (pid: number) => lab.process(pid).gateway?.config.listeners.map(({ port }) => port);
    const [port] = portsOf(1) ?? [];
    expect(port).toBeGreaterThan(0);
    await lab.end(1);
    await lab.pass(100);
    await lab.gateway.reload(anyPort({ name: 'other' }));
    for (const pid of [1, 2, 3, 4]) expect(portsOf(pid)).toEqual([port, 9]);
    expect(lab.process(4).gateway?.config.name).toBe('other');
  });

  it('keeps the changes at run time that it does not undo', async () => {
    const lab = await Lab.serving();
    const drainA: Command = { type: 'drain', pool: 'shop', backend: A };
    await lab.gateway.control.change(drainA);
    await lab.gateway.control.change({ type: 'drain', pool: 'shop', backend: B });
    await lab.gateway.reload(other());
    await lab.end(1);
    await lab.pass(100);
    expect(lab.process(4).gateway?.changes).toEqual([drainA]);
  });

  it('and a change come to all workers in the same order', async () => {
    const lab = await Lab.serving();
    const drain: Command = { type: 'drain', pool: 'shop', backend: A };
    await Promise.all([
      lab.gateway.control.change(drain),
      lab.gateway.reload(other()),
      lab.gateway.control.change({ ...drain, type: 'resume' }),
    ]);
    for (const pid of [1, 2, 3]) expect(lab.callsOf(pid)).toEqual(['listen', 'change', 'reload', 'change']);
  });
});
