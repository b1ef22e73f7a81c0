import { afterEach, describe, expect, it, vi } from 'vitest';
import { timedControl } from '../../src/admin/timed-control.ts';
import { ControlError } from '../../src/errors.ts';
import { FakeControl } from '../observation/figures.ts';

afterEach(() => {
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
    vi.useFakeTimers();
    const control = new FakeControl();
    control.change = () => new Promise(() => {});
    const change = timedControl(control, 100).change({ type: 'drain', pool: 'shop', backend: 'a' });
    const failed = expect(change).rejects.toMatchObject({ status: 504, code: 'ERR_ADMIN_TIMEOUT' });
    await vi.advanceTimersByTimeAsync(100);
    await failed;
    await timedControl(control, 100).stats();
    expect(vi.getTimerCount()).toBe(0);
  });
});
