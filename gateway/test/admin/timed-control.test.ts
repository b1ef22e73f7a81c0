import { afterEach, describe, expect, it, vi } from 'vitest';
import { timedControl } from '../../src/admin/timed-control.ts';
import { ControlError } from '../../src/errors.ts';
import { FakeControl } from '../observation/figures.ts';

const LIMIT_MS = 12_345;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('timedControl', () => {
  it('passes on what the control says', async () => {
    const control = new FakeControl();
    expect(await timedControl(control, 100).stats()).toBe(control.figures);
    control.failure = new ControlError(409, 'taken');
    await expect(timedControl(control, 100).explain({ path: '/' })).rejects.toBe(control.failure);
  });

  it('gives up after a while, and leaves no timer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    // Its own timers are known by their time: others of the process may have some, too.
    const set = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    const own = () => set.mock.results.filter((_, nth) => set.mock.calls[nth]?.[1] === LIMIT_MS);
    const control = new FakeControl();
    control.change = () => new Promise(() => {});
    const change = timedControl(control, LIMIT_MS).change({ type: 'drain', pool: 'shop', backend: 'a' });
    const failed = expect(change).rejects.toMatchObject({ status: 504, code: 'ERR_ADMIN_TIMEOUT' });
    await vi.advanceTimersByTimeAsync(LIMIT_MS);
    await failed;
    await timedControl(control, LIMIT_MS).stats();
    expect(own()).toHaveLength(2);
    for (const { value } of own()) expect(cleared).toHaveBeenCalledWith(value);
  });
});
