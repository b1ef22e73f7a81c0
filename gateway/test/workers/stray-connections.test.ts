import { describe, expect, it } from 'vitest';
import { TestEnv } from '../../../test/support.ts';
import { closeStrayConnections } from '../../src/workers/stray-connections.ts';

class Connection {
  isOpen = true;
  getpeername = () => 0;
  close() {
    this.isOpen = false;
  }
}

describe('connections under way to a worker that has ended', () => {
  it('are closed when nobody has taken them for 5 seconds', () => {
    const env = new TestEnv();
    const [stray, taken] = [new Connection(), new Connection()];
    let open = [stray, taken];
    closeStrayConnections(env.timers, () => open);
    const later = new Connection();
    open = [stray, later];
    env.advance(4_999);
    expect(stray.isOpen).toBe(true);
    env.advance(1);
    expect([stray, taken, later].map(({ isOpen }) => isOpen)).toEqual([false, true, true]);
  });

  it('need no timer where there are none', () => {
    const env = new TestEnv();
    closeStrayConnections(env.timers, () => []);
    expect(env.pendingTimers).toBe(0);
  });

  it('are looked for among the handles of this process', () => {
    const env = new TestEnv();
    closeStrayConnections(env.timers);
    expect(env.pendingTimers).toBe(0);
  });
});
