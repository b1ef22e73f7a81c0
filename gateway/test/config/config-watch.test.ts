import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ConfigWatch, type ConfigWatchOptions, watchConfigFile } from '../../src/config/config-watch.ts';

let folder: string;
let watch: ConfigWatch | undefined;
let calls: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-watch-'));
  calls = 0;
});

afterEach(() => {
  watch?.close();
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const inFolder = (name: string) => join(folder, name);
const write = (name: string, text: string) => writeFileSync(inFolder(name), text);

function start(name: string, options?: ConfigWatchOptions, onChange: () => unknown = () => {}) {
  const call = () => {
    calls++;
    return onChange();
  };
  watch = watchConfigFile(inFolder(name), call, options);
}

/** Lets the interval pass, and the look end that it begins. */
async function look(times = 1, intervalMs = 1_000): Promise<number> {
  for (let i = 0; i < times; i++) {
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(intervalMs);
    while (vi.getTimerCount() === 0) await setImmediate();
  }
  return calls;
}

describe('a watch over a file', () => {
  it('says nothing while nothing changes', async () => {
    write('a.yaml', '1');
    start('a.yaml');
    expect(await look(5)).toBe(0);
  });

  it('calls once for a change, when it has lasted for an interval', async () => {
    write('a.yaml', '1');
    start('a.yaml');
    write('a.yaml', '12');
    expect(await look()).toBe(0);
    expect(await look()).toBe(1);
    expect(await look(3)).toBe(1);
    write('a.yaml', '123');
    expect(await look(2)).toBe(2);
  });

  it('waits for the end of many changes', async () => {
    write('a.yaml', '');
    start('a.yaml');
    for (let i = 1; i <= 5; i++) {
      write('a.yaml', 'x'.repeat(i));
      expect(await look()).toBe(0);
    }
    expect(await look()).toBe(1);
  });

  it('notices another file in its place, even of the same size', async () => {
    write('a.yaml', '1');
    start('a.yaml');
    write('.a.yaml.swp', '2');
    renameSync(inFolder('.a.yaml.swp'), inFolder('a.yaml'));
    expect(await look(2)).toBe(1);
  });

  it('notices that a folder behind a link was swapped, as Kubernetes does', async () => {
    for (const version of ['..1', '..2']) {
      mkdirSync(inFolder(version));
      write(`${version}/a.yaml`, 'same');
    }
    symlinkSync('..1', inFolder('..data'));
    symlinkSync('..data/a.yaml', inFolder('a.yaml'));
    start('a.yaml');
    expect(await look(2)).toBe(0);
    symlinkSync('..2', inFolder('..data_tmp'));
    renameSync(inFolder('..data_tmp'), inFolder('..data'));
    rmSync(inFolder('..1'), { recursive: true });
    expect(await look(2)).toBe(1);
  });

  it('calls for a file that goes, and again when it is back', async () => {
    write('a.yaml', '1');
    start('a.yaml');
    rmSync(inFolder('a.yaml'));
    expect(await look(2)).toBe(1);
    write('a.yaml', '1');
    expect(await look(2)).toBe(2);
  });

  it('does not call for a file that was gone for a moment', async () => {
    write('a.yaml', '1');
    start('a.yaml');
    expect(await look(2)).toBe(0);
    renameSync(inFolder('a.yaml'), inFolder('b.yaml'));
    expect(await look()).toBe(0);
    write('a.yaml', '2');
    expect(await look()).toBe(0);
    expect(await look()).toBe(1);
  });

  it('begins with a file that is not there yet', async () => {
    start('a.yaml');
    expect(await look(2)).toBe(0);
    write('a.yaml', '1');
    expect(await look(2)).toBe(1);
  });

  it('follows other files that belong to it, as they come and go', async () => {
    for (const name of ['a.yaml', 'a.pem', 'b.pem']) write(name, '1');
    let files = [inFolder('a.pem')];
    start('a.yaml', { files: () => files });
    write('a.pem', '12');
    expect(await look(2)).toBe(1);
    files = [inFolder('b.pem')];
    expect(await look(2)).toBe(1);
    write('a.pem', '123');
    expect(await look(2)).toBe(1);
    write('b.pem', '12');
    expect(await look(2)).toBe(2);
  });

  it('sees a change of one that belongs to it only since it was called, before the next look', async () => {
    for (const name of ['a.yaml', 'new.pem']) write(name, '1');
    let files: string[] = [];
    start('a.yaml', { files: () => files }, () => void (files = [inFolder('new.pem')]));
    write('a.yaml', '12');
    expect(await look(2)).toBe(1);
    write('new.pem', '12');
    expect(await look(2)).toBe(2);
  });

  it('looks as often as it is told', async () => {
    write('a.yaml', '1');
    start('a.yaml', { intervalMs: 50 });
    write('a.yaml', '12');
    expect(await look(2, 50)).toBe(1);
  });
});

describe('what a watch calls', () => {
  it('is waited for: calls never overlap', async () => {
    write('a.yaml', '1');
    let release = () => {};
    start('a.yaml', {}, () => new Promise<void>((resolve) => (release = resolve)));
    write('a.yaml', '12');
    await look();
    vi.advanceTimersByTime(1_000);
    while (calls === 0) await setImmediate();
    for (let i = 0; i < 100; i++) await setImmediate();
    expect(vi.getTimerCount()).toBe(0);
    write('a.yaml', '123');
    release();
    while (vi.getTimerCount() === 0) await setImmediate();
    expect(await look()).toBe(1);
    vi.advanceTimersByTime(1_000);
    while (calls === 1) await setImmediate();
    release();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('may fail: it %s, and the watch goes on', async (_, fail) => {
    write('a.yaml', '1');
    const errors: unknown[] = [];
    start('a.yaml', { onError: (error) => errors.push(error) }, fail);
    write('a.yaml', '12');
    expect(await look(2)).toBe(1);
    expect(errors).toEqual([new Error('no')]);
    write('a.yaml', '123');
    expect(await look(2)).toBe(2);
  });

  it('warns of failures that nobody takes', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    write('a.yaml', '1');
    start('a.yaml', {}, () => Promise.reject(new Error('no')));
    write('a.yaml', '12');
    await look(2);
    expect(warn).toHaveBeenCalledWith(new Error('no'));
    warn.mockRestore();
  });

  it('is not called after the watch was closed', async () => {
    write('a.yaml', '1');
    start('a.yaml');
    write('a.yaml', '12');
    await look();
    watch?.close();
    expect(vi.getTimerCount()).toBe(0);
    for (let i = 0; i < 100; i++) await setImmediate();
    expect([calls, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('is not called where the watch is closed in the middle of a look', async () => {
    write('a.yaml', '1');
    start('a.yaml');
    write('a.yaml', '12');
    await look();
    vi.advanceTimersByTime(1_000);
    watch?.close();
    for (let i = 0; i < 100; i++) await setImmediate();
    expect([calls, vi.getTimerCount()]).toEqual([0, 0]);
  });
});
