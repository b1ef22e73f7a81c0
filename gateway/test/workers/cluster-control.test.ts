import type { Explanation } from 'evenkeel';
import { describe, expect, it } from 'vitest';
import type { Command, GatewayEvent } from '../../src/contracts.ts';
import { ControlError } from '../../src/errors.ts';
import { gatewayStats } from '../observation/figures.ts';
import { A, B, Lab } from './cluster.ts';
import { type FakeGateway, settled } from './fakes.ts';

const drain: Command = { type: 'drain', pool: 'shop', backend: A };
const weight: Command = { type: 'weight', pool: 'shop', backend: B, weight: 2 };
const failed = (outcome: Promise<unknown>) => outcome.catch((error: unknown) => error);

describe('a change at run time', () => {
  it('reaches every worker, and those that come later', async () => {
    const lab = await Lab.serving();
    await lab.gateway.control.change(drain);
    await lab.gateway.control.change(weight);
    await lab.end(2);
    await lab.pass(100);
    for (const pid of [1, 2, 3, 4]) expect(lab.process(pid).gateway?.changes).toEqual([drain, weight]);
    expect(lab.callsOf(4)).toEqual(['change', 'change', 'listen']);
  });

  it('reaches a worker that is just starting', async () => {
    const lab = await Lab.serving();
    await lab.end(2);
    const waiting: (() => void)[] = [];
    lab.prepare = (gateway) => {
      const listen = gateway.listen.bind(gateway);
      gateway.listen = async () => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return listen();
      };
    };
    await lab.pass(100);
    await lab.gateway.control.change(drain);
    expect(lab.process(4).gateway?.changes).toEqual([]);
    for (const go of waiting) go();
    await settled();
    expect(lab.process(4).gateway?.changes).toEqual([drain]);
  });

  it('is refused where all refuse it, and not made again', async () => {
    const lab = await Lab.serving();
    const refusal = new ControlError(404, 'there is no pool "shop"');
    for (const { gateway } of lab.processes) gateway?.failures.set('change', refusal);
    expect(await failed(lab.gateway.control.change(drain))).toEqual(refusal);
    await lab.end(1);
    await lab.pass(100);
    expect(lab.callsOf(4)).toEqual(['listen']);
    expect(lab.processes).toHaveLength(4);
  });

  it('has a worker replaced that refuses what the others take', async () => {
    const lab = await Lab.serving();
    lab.process(3).gateway?.failures.set('change', new ControlError(404, 'no'));
    await lab.gateway.control.change(drain);
    await lab.pass(100);
    expect(lab.process(4).gateway?.changes).toEqual([drain]);
    expect(lab.callsOf(3).at(-1)).toBe('close undefined');
  });

  it('names the workers that do not answer in time', async () => {
    const lab = await Lab.serving();
    lab.process(2).isDeaf = true;
    const error = failed(lab.gateway.control.change(drain));
    await settled();
    await lab.pass(2_000);
    expect(await error).toEqual(
      new ControlError(503, 'no reply in time from worker 2; the others have made the change'),
    );
    expect(lab.process(3).gateway?.changes).toEqual([drain]);
  });

  it('is refused where nobody serves', async () => {
    const lab = await Lab.serving();
    for (const pid of [1, 2, 3]) await lab.end(pid);
    expect(await failed(lab.gateway.control.change(drain))).toEqual(
      new ControlError(503, 'no worker serves now'),
    );
  });
});

describe('an explanation', () => {
  it('is asked of every worker: it names the one that tells, and what each would choose', async () => {
    const lab = await Lab.serving();
    const query = { path: '/cart', host: 'shop.example' };
    const route = { host: '*', path: '/', pool: 'shop' };
    for (const [i, picked] of [A, B, A].entries()) {
      const explanation = { picked } as unknown as Explanation;
      (lab.process(i + 1).gateway as FakeGateway).explained = { route, explanation };
    }
    expect(await lab.gateway.control.explain(query)).toEqual({
      route,
      explanation: { picked: A },
      worker: 1,
      workers: [
        { worker: 1, picked: A },
        { worker: 2, picked: B },
        { worker: 3, picked: A },
      ],
    });
    expect(lab.processes.flatMap(({ gateway }) => gateway?.queries)).toEqual([query, query, query]);
  });

  it('names no worker where no route matches', async () => {
    const lab = await Lab.serving();
    expect(await lab.gateway.control.explain({ path: '/' })).toEqual({
      route: undefined,
      explanation: undefined,
    });
  });

  it('comes from the next one where the first hangs', async () => {
    const lab = await Lab.serving();
    lab.process(1).isDeaf = true;
    const explained = lab.gateway.control.explain({ path: '/' });
    await settled();
    await lab.pass(2_000);
    expect(await explained).toEqual({ route: undefined, explanation: undefined });
    expect(lab.process(2).gateway?.queries).toHaveLength(1);
  });

  it('fails where nobody serves', async () => {
    const lab = await Lab.serving();
    for (const pid of [1, 2, 3]) await lab.end(pid);
    expect(await failed(lab.gateway.control.explain({ path: '/' }))).toEqual(
      new ControlError(503, 'no worker replies now'),
    );
  });
});

describe('a plan', () => {
  it('comes from one worker, or from the next one where that hangs', async () => {
    const lab = await Lab.serving();
    lab.process(1).isDeaf = true;
    const planned = lab.gateway.control.plan({ pool: 'shop', remove: [A] });
    await settled();
    await lab.pass(2_000);
    expect(await planned).toMatchObject({ moved: 0.25 });
    expect(lab.processes.flatMap(({ gateway }) => gateway?.plans)).toEqual([{ pool: 'shop', remove: [A] }]);
  });

  it('fails with the error of the worker, and where none serves', async () => {
    const lab = await Lab.serving();
    const refusal = new ControlError(400, 'plan needs a pool that zones do not divide');
    lab.process(1).gateway?.failures.set('plan', refusal);
    expect(await failed(lab.gateway.control.plan({ pool: 'shop' }))).toEqual(refusal);
    for (const pid of [1, 2, 3]) await lab.end(pid);
    expect(await failed(lab.gateway.control.plan({ pool: 'shop' }))).toEqual(
      new ControlError(503, 'no worker replies now'),
    );
  });
});

describe('statistics', () => {
  it('are the sums of all workers', async () => {
    const lab = await Lab.serving();
    const { workers, ready, requests, pools } = await lab.gateway.control.stats();
    expect({ workers, ready }).toEqual({ workers: 3, ready: true });
    expect(requests.total).toBe(3 * 40);
    expect(pools[0]?.backends.map(({ id, requests: of }) => [id, of])).toEqual([
      ['http://10.0.0.1:80', 30],
      ['http://10.0.0.2:80', 30],
    ]);
  });

  it('count what a worker that hangs has last said, and nothing of one that never said anything', async () => {
    const lab = await Lab.serving();
    lab.process(2).isDeaf = true;
    const read = async () => {
      const stats = lab.gateway.control.stats();
      await settled();
      await lab.pass(2_000);
      return (await stats).requests.total;
    };
    expect(await read()).toBe(80);
    lab.process(2).isDeaf = false;
    expect(await read()).toBe(120);
    lab.process(2).isDeaf = true;
    expect(await read()).toBe(120);
  });

  it('never go back when workers end, but show only those that live', async () => {
    const lab = await Lab.serving();
    await lab.gateway.control.stats();
    await lab.end(1);
    const between = await lab.gateway.control.stats();
    expect(between.requests).toMatchObject({ total: 120, inFlight: 8 });
    expect(between).toMatchObject({ workers: 2, ready: true, connections: { open: 6, accepted: 90 } });
    await lab.pass(100);
    await lab.end(2);
    const [later, again] = [await lab.gateway.control.stats(), await lab.gateway.control.stats()];
    expect(later.requests.total).toBe(160);
    expect(later.pools[0]?.backends[0]?.requests).toBe(40);
    expect(again.requests.total).toBe(160);
  });

  it('count a worker once that ends while it is asked', async () => {
    const lab = await Lab.serving();
    await lab.gateway.control.stats();
    lab.process(1).gateway?.hanging.add('stats');
    const asked = lab.gateway.control.stats();
    await settled();
    await lab.end(1);
    expect((await asked).requests.total).toBe(120);
  });

  it('are not ready while nobody serves, nor while the gateway closes', async () => {
    const lab = await Lab.serving();
    for (const pid of [1, 2]) await lab.end(pid);
    expect(await lab.gateway.control.stats()).toMatchObject({ ready: true, workers: 1 });
    await lab.end(3);
    expect(await lab.gateway.control.stats()).toMatchObject({ ready: false, workers: 0 });
    await lab.pass(100);
    expect(await lab.gateway.control.stats()).toMatchObject({ ready: true, workers: 3 });
    const closed = lab.gateway.close();
    expect(await lab.gateway.control.stats()).toMatchObject({ ready: false });
    await closed;
  });

  it('tell what happened to workers, among what the workers tell', async () => {
    const lab = await Lab.serving();
    const event: GatewayEvent = { at: 1, pool: 'shop', type: 'down', backend: A, message: `${A} is down` };
    for (const { gateway } of lab.processes) if (gateway) gateway.figures = gatewayStats({ events: [event] });
    await lab.end(1);
    await lab.pass(100);
    const { events } = await lab.gateway.control.stats();
    expect(events.map(({ type, message }) => `${type}: ${message}`)).toEqual([
      `down: ${A} is down`,
      'worker-ended: worker 1 (process 1) ended with SIGKILL',
      'worker-started: worker 1 (process 4) serves',
    ]);
  });

  it('count a worker that drains until it is gone', async () => {
    const lab = await Lab.serving();
    lab.process(2).gateway?.hanging.add('close');
    lab.process(2).server.tellFaulty('broken');
    await settled();
    await lab.pass(100);
    expect((await lab.gateway.control.stats()).requests.total).toBe(160);
    expect(await lab.gateway.control.stats()).toMatchObject({ workers: 3 });
    await lab.end(2);
    expect((await lab.gateway.control.stats()).requests.total).toBe(160);
  });
});
