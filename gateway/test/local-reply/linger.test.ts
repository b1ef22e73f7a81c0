import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endLingering } from '../../src/local-reply/linger.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A connection after its last response; its client may send on. */
function setUp() {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  endLingering(socket as Socket);
  return socket;
}

describe('a connection after its last response', () => {
  it('is ended, and read for 2 s', () => {
    const socket = setUp();
    socket.push('more of the request');
    expect([socket.writableEnded, socket.isPaused()]).toEqual([true, false]);
    vi.advanceTimersByTime(1_999);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
  });

  it('is closed at once when the client ends, too, and leaves no timer', async () => {
    const socket = setUp();
    socket.push(null);
    await vi.advanceTimersByTimeAsync(0);
    expect([socket.destroyed, vi.getTimerCount()]).toEqual([true, 0]);
  });
});
