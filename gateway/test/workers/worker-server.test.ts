import { describe, expect, it } from 'vitest';
import { TestEnv } from '../../../test/support.ts';
import type { Command } from '../../src/contracts.ts';
import { ControlError } from '../../src/errors.ts';
import { WorkerLink } from '../../src/workers/worker-link.ts';
import { FakeProcess, settled } from './fakes.ts';

const CONFIG = { listeners: [{ port: 0 }], pools: {} } as never;
const drain: Command = { type: 'drain', pool: 'shop', backend: 'a' };
const weight: Command = { type: 'weight', pool: 'shop', backend: 'a', weight: 2 };

function linked(prepare?: ConstructorParameters<typeof FakeProcess>[1]) {
  const worker = new FakeProcess(7, prepare);
  return { worker, link: new WorkerLink(worker, new TestEnv().timers, () => {}) };
}

describe('a worker', () => {
  it('makes the changes of others again before it serves', async () => {
    const { worker, link } = linked();
    await link.ask({ type: 'start', worker: 1, config: CONFIG, changes: [drain, weight] });
    expect(worker.gateway?.calls).toEqual(['change', 'change', 'listen']);
    expect(worker.gateway?.changes).toEqual([drain, weight]);
  });

  it('serves although a change cannot be made again', async () => {
    const { worker, link } = linked((gateway) => gateway.failures.set('change', new ControlError(404, 'no')));
    await link.ask({ type: 'start', worker: 1, config: CONFIG, changes: [drain] });
    expect(worker.gateway?.calls).toContain('listen');
    expect(worker.log.texts).toEqual(['warn a change at run time could not be made again: drain']);
  });

  it('does what changes it in the order in which it came', async () => {
    const { worker, link } = linked();
    const done = [
      link.ask({ type: 'start', worker: 1, config: CONFIG, changes: [] }),
      link.ask({ type: 'change', command: drain }),
      link.ask({ type: 'reload', config: CONFIG }),
      link.ask({ type: 'change', command: weight }),
    ];
    await Promise.all(done);
    expect(worker.gateway?.calls).toEqual(['listen', 'change', 'reload', 'change']);
  });

  it('closes at once, also while it hangs', async () => {
    const { worker, link } = linked((gateway) => gateway.hanging.add('listen'));
    link.ask({ type: 'start', worker: 1, config: CONFIG, changes: [] }).catch(() => {});
    await settled();
    await link.close(0, 1_000);
    expect(await link.exited).toBe('exit code 0');
    expect(worker.gateway?.calls).toEqual(['listen', 'close 0']);
  });

  it('ends when it is closed before it has started', async () => {
    const { link } = linked();
    await link.close(undefined, 1_000);
    expect(await link.exited).toBe('exit code 0');
    expect(link.lastStats).toBeUndefined();
  });

  it('says so where it is asked before it has started', async () => {
    const { link } = linked();
    await expect(link.ask({ type: 'stats' })).rejects.toThrow('the worker has not started yet');
  });
});
