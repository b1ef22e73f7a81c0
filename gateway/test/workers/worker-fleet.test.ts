import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { configOf, Lab } from './cluster.ts';
import { settled } from './fakes.ts';

const failed = (outcome: Promise<unknown>) => outcome.catch((error: unknown) => error);

describe('the start of workers', () => {
  it('is done when all serve, each with the same configuration', async () => {
    const lab = new Lab(configOf({ admin: { port: 0 } }));
    expect(await lab.gateway.listen()).toMatchObject([
      { host: '127.0.0.1', port: 8080, protocol: 'http' },
      { host: '127.0.0.1', protocol: 'http' },
    ]);
    expect(lab.processes).toHaveLength(3);
    const { shop } = configOf().pools;
    // Each of the three counts on a third of what a backend can work on.
    const pools = { shop: { ...shop, bounds: { ...(shop?.bounds as object), sharedBy: 3 } } };
    for (const { gateway } of lab.processes) {
      expect(gateway?.config).toEqual({ ...configOf(), pools, admin: undefined, workers: 1 });
      expect(gateway?.calls).toEqual(['listen']);
    }
    await lab.gateway.close();
  });

  it('fails as a whole where one listener cannot be opened, and leaves nobody behind', async () => {
    const lab = new Lab();
    const busy = new ConfigError(['cannot listen on *:8080: the address is in use (EADDRINUSE)']);
    lab.prepare = (gateway, pid) => pid === 2 && gateway.failures.set('listen', busy);
    const error = await failed(lab.gateway.listen());
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toEqual(busy);
    expect(lab.callsOf(1)).toContain('close 0');
    expect(lab.callsOf(3)).toContain('close 0');
    expect(lab.process(2).kills).toBe(1);
    await lab.pass(60_000);
    expect(lab.processes).toHaveLength(3);
    expect(lab.env.pendingTimers).toBe(0);
  });

  it('fails where a worker ends before it serves', async () => {
    const lab = new Lab();
    lab.prepare = (gateway, pid) => {
      gateway.hanging.add('listen');
      if (pid === 3) lab.process(pid).end('exit code 1');
    };
    const error = failed(lab.gateway.listen());
    await settled();
    expect(await error).toHaveProperty('message', 'the worker in process 3 ended with exit code 1');
    await lab.pass(60_000);
    expect(lab.processes).toHaveLength(3);
    expect(lab.env.pendingTimers).toBe(0);
  });

  it('fails where a worker hangs', async () => {
    const lab = new Lab();
    lab.prepare = (gateway, pid) => pid === 1 && gateway.hanging.add('listen');
    const error = failed(lab.gateway.listen());
    await settled();
    lab.env.advance(30_000);
    expect(await error).toHaveProperty('message', 'the worker in process 1 did not reply within 30000 ms');
    expect(lab.process(1).kills).toBe(1);
  });
});

describe('a worker that ends unasked', () => {
  it('is followed by another one after 100 ms, and then twice as long each time', async () => {
    const lab = await Lab.serving();
    for (const [i, wait] of [100, 200, 400, 800].entries()) {
      await lab.end(i === 0 ? 2 : i + 3);
      await lab.pass(wait - 1);
      expect(lab.processes).toHaveLength(3 + i);
      await lab.pass(1);
      expect(lab.processes).toHaveLength(4 + i);
      expect(lab.callsOf(4 + i)).toEqual(['listen']);
    }
    expect(lab.log.texts.slice(0, 2)).toEqual([
      'error worker 2 (process 2) ended with SIGKILL',
      'info worker 2 (process 4) serves',
    ]);
    await lab.gateway.close(0);
  });

  it('is followed at once again when it has lived for 10 s', async () => {
    const lab = await Lab.serving();
    for (const pid of [1, 4, 5]) {
      await lab.end(pid);
      await lab.pass(400);
    }
    expect(lab.processes).toHaveLength(6);
    await lab.pass(10_000);
    await lab.end(6);
    await lab.pass(100);
    expect(lab.processes).toHaveLength(7);
  });

  it('leaves the others alone, each with its own wait', async () => {
    const lab = await Lab.serving();
    await lab.end(1);
    await lab.end(3);
    await lab.pass(100);
    expect(lab.processes).toHaveLength(5);
    expect(lab.callsOf(2)).toEqual(['listen']);
  });

  it('is tried again and again where others cannot start, up to every 10 s', async () => {
    const lab = await Lab.serving();
    lab.prepare = (gateway) => gateway.failures.set('listen', new ConfigError(['the address is in use']));
    await lab.end(1);
    for (const wait of [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]) {
      const before = lab.processes.length;
      await lab.pass(wait - 1);
      expect(lab.processes).toHaveLength(before);
      await lab.pass(1);
      expect(lab.processes).toHaveLength(before + 1);
      expect(lab.processes.at(-1)?.kills).toBe(1);
    }
    expect(lab.log.texts).toContain('error worker 1 could not start: the address is in use');
    lab.prepare = () => {};
    await lab.pass(10_000);
    expect(lab.log.texts.at(-1)).toBe('info worker 1 (process 13) serves');
  });

  it('is not followed by anybody while the gateway closes', async () => {
    const lab = await Lab.serving();
    await lab.end(1);
    await lab.gateway.close();
    await lab.pass(60_000);
    expect(lab.processes).toHaveLength(3);
    expect(lab.env.pendingTimers).toBe(0);
  });
});

describe('a worker with a fault', () => {
  it('serves until another one does, then drains', async () => {
    const lab = await Lab.serving();
    lab.process(2).server.tellFaulty('x is not a function');
    await settled();
    expect(lab.callsOf(2)).toEqual(['listen']);
    lab.prepare = (gateway) => gateway.hanging.add('listen');
    await lab.pass(100);
    expect(lab.processes).toHaveLength(4);
    expect(lab.callsOf(2)).toEqual(['listen']);
    // The first try hangs for 30 s; the next one serves.
    lab.prepare = () => {};
    await lab.pass(30_000);
    await lab.pass(200);
    expect(lab.callsOf(5)).toEqual(['listen']);
    expect(lab.callsOf(2)).toEqual(['listen', 'close undefined']);
    expect(lab.log.texts[0]).toBe('error worker 2 (process 2) will be replaced: x is not a function');
  });

  it('is replaced once, however many faults it has', async () => {
    const lab = await Lab.serving();
    for (let i = 0; i < 5; i++) lab.process(2).server.tellFaulty('again');
    await settled();
    await lab.pass(100);
    lab.process(2).server.tellFaulty('and again');
    await settled();
    await lab.pass(60_000);
    expect(lab.processes).toHaveLength(4);
  });

  it('is no reason for a second one where it ends before the other one serves', async () => {
    const lab = await Lab.serving();
    lab.process(2).server.tellFaulty('broken');
    await settled();
    await lab.end(2);
    await lab.pass(60_000);
    expect(lab.processes).toHaveLength(4);
    expect(lab.callsOf(4)).toEqual(['listen']);
  });
});

describe('closing', () => {
  it('lets every worker drain', async () => {
    const lab = await Lab.serving();
    await lab.gateway.close();
    for (const pid of [1, 2, 3]) expect(lab.callsOf(pid)).toEqual(['listen', 'close undefined']);
    expect(lab.env.pendingTimers).toBe(0);
  });

  it('kills those that take longer than they may, by 2 seconds', async () => {
    const lab = new Lab(configOf({ shutdown: { delayMs: 1_000, graceMs: 5_000 } }));
    lab.prepare = (gateway, pid) => pid === 2 && gateway.hanging.add('close');
    await lab.gateway.listen();
    const closed = lab.gateway.close();
    await settled();
    await lab.pass(7_999);
    expect(lab.process(2).kills).toBe(0);
    await lab.pass(1);
    await closed;
    expect(lab.processes.map(({ kills }) => kills)).toEqual([0, 1, 0]);
  });

  it('is over at once where it is asked for again with no time', async () => {
    const lab = new Lab();
    lab.prepare = (gateway) => gateway.hanging.add('close');
    await lab.gateway.listen();
    const closed = lab.gateway.close();
    await settled();
    void lab.gateway.close(0);
    await settled();
    await lab.pass(2_000);
    await closed;
    for (const pid of [1, 2, 3]) expect(lab.callsOf(pid)).toEqual(['listen', 'close undefined', 'close 0']);
    expect(lab.env.pendingTimers).toBe(0);
  });
});
