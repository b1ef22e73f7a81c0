import { describe, expect, it } from 'vitest';
import { TestEnv } from '../../../test/support.ts';
import { ConfigError, ControlError } from '../../src/errors.ts';
import { REPLY_MS, WorkerLink, WorkerSilentError } from '../../src/workers/worker-link.ts';
import { FakeProcess, settled } from './fakes.ts';

const CONFIG = { listeners: [{ port: 0 }], pools: {} } as never;
const START = { type: 'start', worker: 1, config: CONFIG, changes: [] } as const;

function linked(prepare?: ConstructorParameters<typeof FakeProcess>[1]) {
  const env = new TestEnv();
  const worker = new FakeProcess(7, prepare);
  const faults: string[] = [];
  const link = new WorkerLink(worker, env.timers, (reason) => faults.push(reason));
  return { env, worker, link, faults };
}

/** A link to a process that answers nothing but what the test tells. */
function unanswered(env = new TestEnv()) {
  const sent: object[] = [];
  const listeners: ((message: unknown) => void)[] = [];
  const process = {
    pid: 1,
    send: (message: object) => void sent.push(message),
    kill() {},
    onMessage: (listener: (message: unknown) => void) => void listeners.push(listener),
    onExit() {},
  };
  const link = new WorkerLink(process, env.timers, () => {});
  return { link, sent, tell: (message: object) => listeners.forEach((listener) => void listener(message)) };
}

describe('a link to a worker', () => {
  it('asks, and hands the answers on, each to its question', async () => {
    const { link, worker, env } = linked();
    expect(await link.ask(START)).toEqual([{ host: '127.0.0.1', port: 8080, protocol: 'http' }]);
    const explained = link.ask({ type: 'explain', query: { path: '/a' } });
    const stats = await link.stats();
    expect(stats.requests.total).toBe(40);
    expect(link.lastStats).toBe(stats);
    expect(await explained).toEqual({ route: undefined, explanation: undefined });
    expect(worker.gateway?.queries).toEqual([{ path: '/a' }]);
    expect(env.pendingTimers).toBe(0);
  });

  it('says nothing before the worker hears', async () => {
    const { link, sent, tell } = unanswered();
    link.ask(START).catch(() => {});
    link.ask({ type: 'stats' }).catch(() => {});
    expect(sent).toEqual([]);
    tell({ type: 'hello' });
    expect(sent).toMatchObject([{ request: { type: 'start' } }, { request: { type: 'stats' } }]);
  });

  it('hands errors on as what they are', async () => {
    const { link, worker } = linked();
    await link.ask(START);
    const failures: [Error, Error][] = [
      [new ConfigError(['one', 'two']), new ConfigError(['one', 'two'])],
      [new ControlError(409, 'taken'), new ControlError(409, 'taken')],
      [new TypeError('odd'), new Error('odd')],
    ];
    for (const [thrown, expected] of failures) {
      worker.gateway?.failures.set('change', thrown);
      const command = { type: 'drain', pool: 'a', backend: 'b' } as const;
      const error = await link.ask({ type: 'change', command }).catch((caught: unknown) => caught);
      expect(error).toEqual(expected);
      expect(error).toBeInstanceOf(expected.constructor);
    }
  });

  it('waits for an answer for 2 seconds', async () => {
    const { link, worker, env } = linked();
    await link.ask(START);
    worker.isDeaf = true;
    const asked = link.ask({ type: 'stats' });
    const caught = asked.catch((error: unknown) => error);
    env.advance(REPLY_MS - 1);
    await settled();
    expect(env.pendingTimers).toBe(1);
    env.advance(1);
    expect(await caught).toBeInstanceOf(WorkerSilentError);
    expect(await caught).toHaveProperty('message', 'the worker in process 7 did not reply within 2000 ms');
    worker.isDeaf = false;
    expect((await link.stats()).ready).toBe(true);
  });

  it('overlooks an answer that comes after its time, or twice', async () => {
    const env = new TestEnv();
    const { link, tell } = unanswered(env);
    const caught = link.ask({ type: 'stats' }).catch((error: unknown) => error);
    env.advance(REPLY_MS);
    expect(await caught).toBeInstanceOf(WorkerSilentError);
    const answer = { type: 'reply', id: 1, value: {} };
    const failure = { type: 'failure', id: 1, failure: { type: 'other', message: 'late' } };
    for (const late of [answer, answer, failure]) expect(() => tell(late)).not.toThrow();
    // The next question is no less heard.
    const next = link.stats();
    tell({ type: 'reply', id: 2, value: { ready: true } });
    expect(await next).toEqual({ ready: true });
  });

  it('fails what waits when the worker ends, and all that is asked later', async () => {
    const { link, worker, env } = linked((gateway) => gateway.hanging.add('stats'));
    await link.ask(START);
    const asked = link.ask({ type: 'stats' }).catch((error: Error) => error.message);
    await settled();
    worker.end('SIGKILL');
    expect(await asked).toBe('the worker in process 7 ended with SIGKILL');
    expect(await link.exited).toBe('SIGKILL');
    await expect(link.ask({ type: 'stats' })).rejects.toThrow('ended with SIGKILL');
    expect(env.pendingTimers).toBe(0);
  });

  it('closes a worker, and keeps its last word', async () => {
    const { link, worker, env } = linked();
    await link.ask(START);
    await link.close(1_000, 5_000);
    expect(worker.gateway?.calls).toContain('close 1000');
    expect(worker.kills).toBe(0);
    expect(link.lastStats?.requests.total).toBe(40);
    expect(env.pendingTimers).toBe(0);
  });

  it('kills a worker that does not close in time', async () => {
    const { link, worker, env } = linked((gateway) => gateway.hanging.add('close'));
    await link.ask(START);
    const closed = link.close(1_000, 5_000);
    await settled();
    env.advance(4_999);
    expect(worker.kills).toBe(0);
    env.advance(1);
    await closed;
    expect(worker.kills).toBe(1);
  });

  it('tells why a worker had better be replaced', async () => {
    const { worker, faults } = linked();
    worker.server.tellFaulty('something broke');
    await settled();
    expect(faults).toEqual(['something broke']);
  });
});
