import { describe, expect, it } from 'vitest';
import { KeyMemory, NO_SLOT } from '../../src/balancer/key-memory.ts';
import { hashKey } from '../../src/hashing/hash.ts';
import { atOnce } from '../../src/steps.ts';

const write = (memory: KeyMemory, position: number, fingerprint: number, owner = 1) => {
  const found = memory.find(position, fingerprint);
  const entry = found < 0 ? ~found : found;
  memory.write(entry, position, fingerprint, owner, 2, 3, 4);
  return entry;
};

const forget = (memory: KeyMemory, slots: readonly number[]) => {
  const { size } = memory;
  let forgotten = 0;
  atOnce(memory.forgetBackends(slots, (keys) => (forgotten += keys)));
  expect(forgotten).toBe(size - memory.size);
};

describe('KeyMemory', () => {
  it('finds what was written, and keeps every field', () => {
    const memory = new KeyMemory(16);
    expect(memory.find(5, 77)).toBeLessThan(0);
    write(memory, 5, 77, 60_000);
    const entry = memory.find(5, 77);
    expect([memory.owner(entry), memory.home(entry), memory.origin(entry), memory.epoch(entry)]).toEqual([
      60_000, 2, 3, 4,
    ]);
    expect(memory.size).toBe(1);
    expect(memory.find(5, 78)).toBeLessThan(0);
  });

  it('forgets the key of a full set that was not seen for the longest time', () => {
    const memory = new KeyMemory(4);
    for (let fingerprint = 1; fingerprint <= 4; fingerprint++) write(memory, 0, fingerprint);
    write(memory, 0, 1);
    write(memory, 0, 5);
    expect(memory.size).toBe(4);
    expect(memory.find(0, 2)).toBeLessThan(0);
    for (const kept of [1, 3, 4, 5]) expect(memory.find(0, kept)).toBeGreaterThanOrEqual(0);
  });

  it('forgets the oldest key of its own set, however old those of the next set are', () => {
    const memory = new KeyMemory(8);
    write(memory, 1, 9);
    for (const fingerprint of [1, 2, 3, 4, 1, 5]) write(memory, 0, fingerprint);
    expect(memory.find(0, 2)).toBeLessThan(0);
    for (const kept of [1, 3, 4, 5]) expect(memory.find(0, kept)).toBeGreaterThanOrEqual(0);
    expect(memory.find(1, 9)).toBeGreaterThanOrEqual(0);
  });

  it.each([16_384, 131_072, 2 ** 20])('keeps every key and its age when it grows to %i', (capacity) => {
    const memory = new KeyMemory(8_192);
    const keys = Array.from(
      { length: 8_000 },
      (_, i) => [hashKey(`key ${i}`, 1), hashKey(`key ${i}`, 2)] as const,
    );
    for (const [i, [position, fingerprint]] of keys.entries())
      write(memory, position, fingerprint, i % 60_000);
    const kept = keys.filter(([position, fingerprint]) => memory.find(position, fingerprint) >= 0);
    expect(kept.length).toBe(memory.size);
    const owners = kept.map(([position, fingerprint]) => memory.owner(memory.find(position, fingerprint)));
    memory.grow(capacity);
    expect(memory.capacity).toBe(capacity);
    expect(memory.size).toBe(kept.length);
    expect(kept.map(([position, fingerprint]) => memory.owner(memory.find(position, fingerprint)))).toEqual(
      owners,
    );
    // The set of the first key fills up; the key that was not seen for the longest time goes.
    const [position] = kept[0] as readonly [number, number];
    for (let fingerprint = 1; fingerprint <= 4; fingerprint++) write(memory, position, fingerprint);
    expect(memory.find(position, (kept[0] as readonly [number, number])[1])).toBeLessThan(0);
    expect(memory.find(position, 1)).toBeGreaterThanOrEqual(0);
  });

  it('forgets no key of a set while the place of a key of a backend that left is free', () => {
    const memory = new KeyMemory(4);
    for (let fingerprint = 1; fingerprint <= 4; fingerprint++)
      write(memory, 0, fingerprint, fingerprint === 4 ? 9 : 1);
    forget(memory, [9]);
    write(memory, 0, 5);
    for (const kept of [1, 2, 3, 5]) expect(memory.find(0, kept)).toBeGreaterThanOrEqual(0);
  });

  it('forgets a backend: its keys, and the wish of others to return to it', () => {
    const memory = new KeyMemory(16);
    write(memory, 0, 1, 3);
    const other = write(memory, 1, 2, 7);
    forget(memory, [3]);
    expect(memory.size).toBe(1);
    expect(memory.find(0, 1)).toBeLessThan(0);
    expect([memory.owner(other), memory.home(other), memory.origin(other)]).toEqual([7, 2, NO_SLOT]);
    forget(memory, [2, 9]);
    expect([memory.owner(other), memory.home(other), memory.epoch(other)]).toEqual([7, NO_SLOT, 4]);
  });
});
