// What each client has at a time.
import { describe, expect, it } from 'vitest';
import { ClientCounts } from '../../src/message/client-counts.ts';

describe('counts of clients', () => {
  it('have a limit for each, and forget clients that have nothing', () => {
    const counts = new ClientCounts();
    expect(counts.enter('192.0.2.1', 2)).toBe('192.0.2.1');
    expect(counts.enter('::ffff:192.0.2.1', 2)).toBe('192.0.2.1');
    expect(counts.enter('192.0.2.1', 2)).toBeUndefined();
    expect(counts.enter('192.0.2.2', 2)).toBe('192.0.2.2');
    counts.leave('192.0.2.1');
    expect(counts.enter('192.0.2.1', 2)).toBeDefined();
    for (const network of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) counts.leave(network);
    expect(counts.size).toBe(0);
  });

  it('take a network of IPv6 for one client', () => {
    const counts = new ClientCounts();
    const network = counts.enter('2001:db8::1', 1);
    expect(counts.enter('2001:db8::2', 1)).toBeUndefined();
    expect(counts.enter('2001:db8:0:1::1', 1)).toBeDefined();
    counts.leave(network as string);
    expect(counts.enter('2001:db8::2', 1)).toBeDefined();
  });
});
