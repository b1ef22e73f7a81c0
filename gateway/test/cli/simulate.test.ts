import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { presets, type SimulationResult } from 'evenkeel/simulator';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { ProgressLine } from '../../src/cli/simulation/progress-line.ts';
import { writeReport } from '../../src/cli/simulation/report-file.ts';
import { folder, KeptIo, ran } from './kept-io.ts';

const SMALL = ['--requests', '400', '--placements', '1'];

async function resultOf(...args: string[]): Promise<SimulationResult> {
  const { code, out, err } = await ran('simulate', '--json', ...args);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as SimulationResult;
}

describe('simulate', () => {
  it('runs the first preset without a word, and prints a table that fits 80 columns', async () => {
    const { code, out, err } = await ran('simulate', ...SMALL);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^hello\n400 requests in /);
    expect(out).toMatch(/^consistent-hash {2,}\d/m);
    for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('lists its presets', async () => {
    const { out } = await ran('simulate', '--list');
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.trim().split(' ')[0]),
    ).toEqual(Object.keys(presets));
  });

  it('takes seed, requests, placements and contenders from its options', async () => {
    const options = ['--seed', '9', '--strategies', 'random, round-robin', ...SMALL];
    const result = await resultOf('hello', ...options);
    expect(result).toMatchObject({ seed: 9, requests: 400, placements: 1 });
    expect(result.contenders.map(({ label }) => label)).toEqual(['random', 'round-robin']);
    expect(await resultOf('hello', ...options)).toEqual(result);
    expect(
      (await resultOf('hello', ...options.map((option) => (option === '9' ? '10' : option)))).digest,
    ).not.toBe(result.digest);
  });

  it('reads a scenario file, with a schema for editors', async () => {
    const file = folder()('x.yaml', '$schema: ./scenario.schema.json\nbackends: 3\nrequests: 300\nseed: 4\n');
    const { backends, seed, name } = await resultOf(file, '--placements', '1');
    expect([backends, seed, name]).toEqual([['b1', 'b2', 'b3'], 4, file]);
  });

  it('simulates a pool of a configuration beside other strategies', async () => {
    const write = folder();
    const config = write(
      'gateway.yaml',
      `listeners: [{ port: 8080 }]
pools:
  shop:
    backends: [http://10.0.0.1, { url: http://10.0.0.2, weight: 3 }]
    strategy: random
    affinity: { by: cookie, name: user }
routes: [{ pool: shop }]`,
    );
    const { code, out, err } = await ran('simulate', '-c', config, '--json', ...SMALL);
    expect([code, err]).toEqual([0, 'evenkeel: pool shop: affinity by cookie: simulated by path\n']);
    const { contenders, backends } = JSON.parse(out) as SimulationResult;
    expect(contenders.map(({ label, strategy }) => `${label} ${strategy}`)[0]).toBe('shop random');
    expect([contenders.length, backends.length]).toEqual([4, 2]);
    expect(contenders[0]?.backends[1]?.share).toBeCloseTo(0.75, 1);
  });

  it('takes traffic and events from a scenario, and backends from a configuration', async () => {
    const write = folder();
    const config = write(
      'g.yaml',
      'listeners: [{port: 80}]\npools: {a: {backends: [http://a, http://b]}}\nroutes: [{pool: a}]',
    );
    const scenario = write('s.yaml', 'backends: 9\nevents: [{ type: crash, at: 0.5, backends: b2 }]');
    const { backends, events } = await resultOf(scenario, '-c', config, ...SMALL);
    expect([backends, events.length]).toEqual([['b1', 'b2'], 1]);
  });

  it('writes a page that says how to get it again', async () => {
    const html = folder()('report.html', 'old');
    const { code, out } = await ran('simulate', 'hello', '--html', html, ...SMALL);
    expect([code, out.endsWith(`The report with pictures: ${html}\n`)]).toEqual([0, true]);
    const page = readFileSync(html, 'utf8');
    expect(page).toContain(`evenkeel simulate hello --html ${html} --requests 400 --placements 1`);
    expect(page).toContain('Slow motion');
    expect(readdirSync(dirname(html))).toEqual(['report.html']);
  });

  it('tells the lesson of a preset that runs as it is, and of no other', async () => {
    const words = (text: string) => text.replaceAll(/\s+/g, ' ');
    const { lesson } = presets['young-fleet'];
    expect(words((await ran('simulate', 'young-fleet')).out)).toContain(lesson);
    expect(words((await ran('simulate', 'young-fleet', '--seed', '9')).out)).not.toContain(
      '500 load balancers has',
    );
  });

  it('prints CSV', async () => {
    const { out } = await ran('simulate', '--csv', ...SMALL);
    expect(out.split('\r\n')).toHaveLength(1 + (presets.hello.scenario.contenders ?? []).length + 1);
  });
});

it('the scenario on the page about the simulator runs', async () => {
  const page = readFileSync(new URL('../../../docs/simulator.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml\n(# scenario\.yaml[^`]*)```/.exec(page) ?? [];
  const { contenders } = await resultOf(folder()('scenario.yaml', text), ...SMALL);
  expect(contenders.map(({ label }) => label)).toEqual([
    'consistent-hash',
    'least-connections',
    'without a bound',
  ]);
});

describe('a wrong command line', () => {
  const write = () => folder();
  const typo = () => write()('x.yaml', 'backends: [{ count: 4, concurency: 2 }]');
  const later = () => write()('x.yaml', 'backends: 2\nevents: [{ type: crash, at: 0.5, backends: b3 }]');
  const none = () => write()('x.yaml', '- 1');
  const slow = () => write()('x.yaml', 'backends: 2\narrivals: { perSecond: 0 }');
  const config = () =>
    write()(
      'g.yaml',
      'listeners: [{port: 80}]\npools: {a: {backends: [http://a]}, b: {backends: []}}\nroutes: [{pool: a}]',
    );

  it.each([
    ['a preset with a typo', () => ['helo'], /no preset and no file "helo"; did you mean hello\?$/],
    ['an unknown name', () => ['zzz'], /no preset and no file "zzz"; there is hello/],
    ['a file that is not there', () => ['zzz.yaml'], /zzz\.yaml cannot be read: there is no such file$/],
    [
      'a scenario with a typo',
      () => [typo()],
      /backends\[0\]\.concurency is not an option; did you mean "concurrency"\?$/,
    ],
    ['an event for a backend that never existed', () => [later()], /events\[0\]\.backends .*b3/],
    ['a list instead of a scenario', () => [none()], /must hold a scenario/],
    ['a rate of 0', () => [slow()], /arrivals\.perSecond must be .*, got 0$/],
    [
      'a strategy that there is not',
      () => ['--strategies', 'leest-time'],
      /--strategies must be one of .*, got "leest-time"; did you mean least-time\?$/,
    ],
    ['an empty strategy', () => ['--strategies', 'random,'], /--strategies must be one of .*, got ""$/],
    [
      'a strategy twice, by two names',
      () => ['--strategies', 'rr,random,round-robin'],
      /--strategies must name each strategy once, got round-robin twice$/,
    ],
    ['two documents', () => ['--json', '--csv'], /exclude each other/],
    [
      'a page in no folder',
      () => ['--html', '/no/such/x.html'],
      /--html must name a file that can be written/,
    ],
    ['a folder as a page', () => ['--html', tmpdir()], /--html must name a file, got/],
    ['several pools', () => ['-c', config()], /--pool must name one of the pools a, b$/],
    [
      'a pool that there is not',
      () => ['-c', config(), '--pool', 'c'],
      /--pool must be one of a, b, got "c"$/,
    ],
    ['a pool without backends', () => ['-c', config(), '--pool', 'b'], /pool b has no backends to simulate$/],
    ['a pool without a configuration', () => ['--pool', 'b'], /--pool needs -c FILE$/],
  ])('%s: one line, exit code 2, nothing printed', async (_, args, message) => {
    const { code, out, err } = await ran('simulate', ...args(), ...SMALL);
    expect([code, out, err.trimEnd().split('\n').length]).toEqual([2, '', 1]);
    expect(err.trimEnd()).toMatch(message);
  });

  it('a full disk: one line, exit code 2, nothing printed', async () => {
    const { code, out, err } = await ran('simulate', '--html', '/dev/full', ...SMALL);
    expect([code, out, err]).toEqual([2, '', 'evenkeel: /dev/full cannot be written: the disk is full\n']);
  });
});

describe('a report file', () => {
  it('stays as it was if it cannot be written anew', () => {
    const path = mkdtempSync(join(tmpdir(), 'evenkeel-cli-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    expect(() => writeReport(join(path, 'gone', 'x.html'), 'new')).toThrow(/cannot be written: ENOENT$/);
    expect(existsSync(join(path, 'gone'))).toBe(false);
    writeReport(join(path, 'x.html'), 'one');
    writeReport(join(path, 'x.html'), 'two');
    expect([readFileSync(join(path, 'x.html'), 'utf8'), readdirSync(path)]).toEqual(['two', ['x.html']]);
  });
});

describe('progress', () => {
  it('is told a few times a second, on a terminal alone, and leaves no trace', async () => {
    const io = Object.assign(new KeptIo(), { isErrTerminal: true });
    let now = 0;
    const line = new ProgressLine(io, () => now);
    await line.show(() => 'early');
    now += 250;
    await line.show(() => '1 %');
    await line.show(() => 'again');
    line.end();
    expect(io.err).toBe('\r\u001b[2K1 %\r\u001b[2K');
    const piped = new KeptIo();
    const other = new ProgressLine(piped, () => (now += 250));
    await other.show(() => '1 %');
    other.end();
    expect(piped.err).toBe('');
  });

  it('ends a run at Ctrl-C, which is reported, and the process at the second one', async () => {
    const exits: number[] = [];
    const io = Object.assign(new KeptIo(), { exit: (code: number) => void exits.push(code) });
    const ended = run(['simulate', '--requests', '100000000', '--strategies', 'random'], io);
    while (io.process.listenerCount('SIGINT') === 0) await new Promise(setImmediate);
    io.process.emit('SIGINT');
    io.process.emit('SIGINT');
    expect(await ended).toBe(0);
    expect(exits).toEqual([130]);
    expect(io.out).toContain('Ended early: all contenders are compared on the part that ran.');
    expect(io.process.listenerCount('SIGINT')).toBe(0);
  });
});
