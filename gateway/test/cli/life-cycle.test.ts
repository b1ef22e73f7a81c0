import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { TestEnv } from '../../../test/support.ts';
import { surviveFaults } from '../../src/cli/faults.ts';
import { LifeCycle } from '../../src/cli/life-cycle.ts';
import { FakeGateway, KeptLog, settled } from '../workers/fakes.ts';

function alive() {
  const env = new TestEnv();
  const log = new KeptLog();
  const process = new EventEmitter();
  const gateway = new FakeGateway({ listeners: [], pools: {} });
  let reloads = 0;
  const life = new LifeCycle({ gateway, log, process, env, reload: () => reloads++ });
  const ends: number[] = [];
  void life.ended.then((code) => ends.push(code));
  const signal = async (name: string) => {
    process.emit(name, name);
    await settled();
  };
  return { env, log, process, gateway, life, ends, signal, reloads: () => reloads };
}

describe('the life of a gateway', () => {
  it.each(['SIGTERM', 'SIGINT'])('ends with 0 when it has drained after %s', async (name) => {
    const { gateway, life, ends, signal } = alive();
    await settled();
    expect(life.isStopping).toBe(false);
    expect(ends).toEqual([]);
    await signal(name);
    expect(life.isStopping).toBe(true);
    expect(gateway.calls).toEqual(['close undefined']);
    expect(ends).toEqual([0]);
  });

  it('ends at once, with 0, at a second signal', async () => {
    const { env, gateway, ends, signal, log } = alive();
    gateway.hanging.add('close');
    await signal('SIGTERM');
    env.advance(251);
    expect(ends).toEqual([]);
    await signal('SIGINT');
    expect(gateway.calls).toEqual(['close undefined', 'close 0']);
    env.advance(3_000);
    await settled();
    expect(ends).toEqual([0]);
    expect(log.texts.at(-1)).toBe('warn the gateway ends at once');
  });

  it('takes a signal that comes twice at a time for one', async () => {
    const { env, gateway, signal } = alive();
    gateway.hanging.add('close');
    await signal('SIGINT');
    env.advance(250);
    await signal('SIGINT');
    expect(gateway.calls).toEqual(['close undefined']);
  });

  it('ends with 1 where the gateway cannot be closed', async () => {
    const { gateway, ends, signal, log } = alive();
    gateway.failures.set('close', new Error('stuck'));
    await signal('SIGTERM');
    expect(ends).toEqual([1]);
    expect(log.texts.at(-1)).toBe('error the gateway could not be closed');
  });

  it('reads the configuration again at SIGHUP', async () => {
    const { signal, reloads, ends } = alive();
    await signal('SIGHUP');
    await signal('SIGHUP');
    expect(reloads()).toBe(2);
    expect(ends).toEqual([]);
  });

  it('leaves no listener behind', () => {
    const { life, process } = alive();
    life.dispose();
    expect(process.eventNames()).toEqual([]);
  });
});

describe('an error that nobody has caught', () => {
  function surviving() {
    const env = new TestEnv();
    const log = new KeptLog();
    const process = new EventEmitter();
    const faults: string[] = [];
    surviveFaults(
      process,
      () => log,
      env,
      (reason) => faults.push(reason),
    );
    return { env, log, process, faults };
  }

  it('is logged and counted, and the process lives on', () => {
    const { log, process, faults } = surviving();
    process.emit('uncaughtException', new TypeError('x is not a function'));
    process.emit('unhandledRejection', 'no error at all');
    expect(log.texts).toEqual([
      'error uncaught error (exception); the gateway goes on',
      'error uncaught error (rejection); the gateway goes on',
    ]);
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { error: new TypeError('x is not a function'), count: 1 },
      { error: 'no error at all', count: 2 },
    ]);
    expect(faults).toEqual(['x is not a function', 'no error at all']);
  });

  it('does not fill the log where it comes again and again', () => {
    const { env, log, process } = surviving();
    for (let i = 0; i < 5_000; i++) {
      process.emit('uncaughtException', new Error('again'));
      env.advance(1);
    }
    expect(log.lines.length).toBeLessThanOrEqual(10 + 5);
    expect(log.lines.at(-1)?.fields).toMatchObject({ count: expect.closeTo(4_500, -3) });
  });
});
