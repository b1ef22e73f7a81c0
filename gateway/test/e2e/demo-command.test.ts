import { EventEmitter } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { demo } from '../../src/cli/demo.ts';
import type { Io } from '../../src/cli/io.ts';

/** Surroundings that keep what is written. */
function surroundings() {
  const lines: string[] = [];
  const process = new EventEmitter();
  const told = new EventEmitter();
  const write = (text: string) => {
    lines.push(...text.split('\n').slice(0, -1));
    told.emit('line');
  };
  const io: Io = {
    stdout: { write },
    stderr: { write },
    env: {},
    process,
    nodeVersion: '20.20.2',
    openLog: () => ({ debug() {}, info() {}, warn() {}, error() {} }),
  };
  /** Resolves when some line is there, with what it captures. */
  const found = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(lines.join('\n'));
      if (match !== null) return match;
      await new Promise((resolve) => told.once('line', resolve));
    }
  };
  return { io, process, lines, found };
}

const get = (url = '') => fetch(url, { signal: AbortSignal.timeout(10_000) });

describe('evenkeel demo', () => {
  it('serves, shows a dashboard, tells every second how it goes, and ends at a signal without a trace', async () => {
    const { io, process, lines, found } = surroundings();
    onTestFinished(() => void process.emit('SIGINT'));
    const ended = demo(io);
    const [, dashboard] = await found(/^ +Dashboard +(\S+)$/m);
    const [, gateway] = await found(/^ +Gateway +(\S+)$/m);
    const [, backend] = await found(/^ +Backends +alpha (\S+)/m);
    expect(await (await get(`${gateway}ping`)).text()).toMatch(/^pong from (alpha|beta|gamma)\n$/);
    expect(await (await get(dashboard)).text()).toMatch(/<html/i);
    const [line] = await found(/^ +1 s .*/m);
    expect(line).toMatch(
      /^ +1 s +[1-9]\d* requests\/s +p50 +\d+ ms +p99 +\d+ ms +0 failed +alpha \d+\/s +beta \d+\/s +gamma \d+\/s$/,
    );
    process.emit('SIGINT');
    expect(await ended).toBe(0);
    expect(process.eventNames()).toEqual([]);
    for (const url of [gateway, dashboard, backend]) await expect(get(url)).rejects.toThrow('fetch failed');
    expect(lines.filter((text) => / [1-9]\d* failed/.test(text))).toEqual([]);
  });

  it('ends by itself after some seconds', async () => {
    const { io, lines } = surroundings();
    expect(await demo(io, { seconds: 1 })).toBe(0);
    expect(lines.filter((line) => line.includes('requests/s'))).toHaveLength(1);
  });
});
