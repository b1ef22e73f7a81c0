import { existsSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { ReplayResult } from 'evenkeel/simulator';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { folder, KeptIo, ran } from './kept-io.ts';

const line = (second: number, path: string) =>
  `10.0.0.${second % 7} - - [29/Nov/2026:16:46:${String(second).padStart(2, '0')} +0000] "GET ${path} HTTP/1.1" 200 17 "-" "-"\n`;
const LOG = Array.from({ length: 600 }, (_, i) => line(Math.floor(i / 10), `/${(i * i) % 97}`)).join('');
const SMALL = ['--placements', '1', '--strategies', 'round-robin,consistent-hash'];

/** A file of bytes. */
function packed(name: string, bytes: Uint8Array): string {
  const path = folder()(name, '');
  writeFileSync(path, bytes);
  return path;
}

describe('replay', () => {
  it('reports on a log: a table, what the log has, and the answer in a sentence', async () => {
    const { code, out, err } = await ran('replay', folder()('access.log', `${LOG}broken\n`), ...SMALL);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^consistent-hash +\d/m);
    const text = out.replaceAll('\n', ' ');
    expect(text).toMatch(
      / combined log, 601 lines, 1 of them no request, 600 requests in 59\.9 s, \d+ paths, 7 clients, /,
    );
    expect(text).toMatch(/ with 5 backends it would be .* and \d+\.\d ms\. /);
    expect(text.match(/ With 10 backends consistent-hash has /g)).toHaveLength(1);
    // What the hits are to be read by.
    expect(out).toContain('\nThe first 20 % of the requests warm up, and do not count.\n');
    expect(text).toContain('. Each backend has a cache for a tenth of the paths (--cache).');
    for (const row of out.split('\n')) expect(row.length).toBeLessThanOrEqual(80);
  });

  it('reads rotated and packed files, oldest first', async () => {
    const write = folder();
    const older = packed('access.log.2.gz', gzipSync(LOG));
    const newer = write('access.log', LOG.replaceAll('16:46:', '17:46:'));
    const { out } = await ran('replay', newer, older, ...SMALL, '--json');
    const { log } = JSON.parse(out) as ReplayResult;
    expect(log).toMatchObject({ lines: 1_200, requests: 1_200, late: 0, outOfOrder: 0 });
  });

  it('takes what there is of a file that ends early, and says so', async () => {
    const noise = Array.from({ length: 4_000 }, (_, i) => line(i % 60, `/${(i * 7_919) % 3_001}`)).join('');
    const bytes = gzipSync(noise);
    const file = packed('access.log.gz', bytes.subarray(0, bytes.length / 2));
    const { code, out, err } = await ran('replay', file, ...SMALL, '--json');
    expect({ code, err }).toEqual({
      code: 0,
      err: `evenkeel: ${file} ends early: what was packed before counts\n`,
    });
    const { log } = JSON.parse(out) as ReplayResult;
    expect(log.requests).toBeGreaterThan(500);
    expect(log.requests).toBeLessThan(4_000);
  });

  it('takes a key, a pace and backends from its options', async () => {
    const file = folder()('access.log', LOG);
    const options = ['--key', 'ip', '--speed-up', '50', '--backends', '3', '--cache', '20', '--service', '4'];
    const { out } = await ran('replay', file, ...options, ...SMALL, '--seed', '7', '--json');
    const { speedUp, simulation } = JSON.parse(out) as ReplayResult;
    expect(speedUp).toBe(50);
    expect(simulation).toMatchObject({ seed: 7, placements: 1, backends: ['b1', 'b2', 'b3'] });
  });

  it('writes a page, and CSV', async () => {
    const write = folder();
    const page = write('report.html', '');
    const { code, out } = await ran('replay', write('access.log', LOG), ...SMALL, '--html', page, '--csv');
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toContain('p99');
    expect(existsSync(page)).toBe(true);
  });

  it('ends at Ctrl-C with what it has', async () => {
    const io = new KeptIo();
    const long = LOG + Array.from({ length: 20_000 }, (_, i) => line(59, `/${i}`)).join('');
    const file = folder()('access.log', long);
    const ended = run(['replay', file, '--json'], io);
    while (io.process.listenerCount('SIGINT') === 0)
      await new Promise<void>((resolve) => void setImmediate(resolve));
    io.process.emit('SIGINT');
    expect(await ended).toBe(0);
    expect((JSON.parse(io.out) as ReplayResult).simulation.isComplete).toBe(false);
  });

  it.each([
    [['nothing.log'], 'nothing.log cannot be read: there is no such file'],
    [['.'], '. must be a log, got a folder'],
    [['-', 'a'], '- for standard input must be alone, got other logs, too'],
    [['a', '--key', 'cookie'], '--key must be path, ip or header:NAME, got "cookie"'],
    [['a', '--speed-up', '0'], '--speed-up must be a number above 0, got "0"'],
    [
      ['a', '--service', '5', '--bytes-per-ms', '9'],
      '--service and --bytes-per-ms exclude each other: both say how long a request takes',
    ],
    [['a', '--json', '--csv'], '--json and --csv exclude each other: both go to standard output'],
  ])('refuses %j', async (args, message) => {
    expect(await ran('replay', ...args)).toEqual({ code: 2, out: '', err: `evenkeel: ${message}\n` });
  });

  it.each([
    ['hello\n', [], 'log must have lines in one of the formats combined, '],
    [LOG, ['--format', 'apache'], 'format must be one of combined, '],
    [LOG, ['--format', '$status'], 'format must have $time_local'],
  ])('refuses a log or settings that do not fit: %#', async (text, args, message) => {
    const file = folder()('access.log', text);
    const { code, out, err } = await ran('replay', file, ...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`evenkeel: ${file}: ${message}`);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('refuses a file that is packed and damaged', async () => {
    const bytes = gzipSync(LOG);
    bytes.fill(7, 20, 60);
    const file = packed('access.log.gz', bytes);
    const { code, err } = await ran('replay', file, ...SMALL);
    expect({ code, err }).toEqual({ code: 2, err: `evenkeel: ${file} cannot be read: Z_DATA_ERROR\n` });
  });
});
