import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../examples/demo/report/report.ts';
import { strategies } from '../../src/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

type Child = ChildProcessByStdio<null, Readable, Readable>;

const children: Child[] = [];
// One that a failed test has left.
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** The demo in a process of its own, as `npm start` runs it, with its output in pipes. */
function start(...args: string[]): Child {
  const { FORCE_COLOR: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/demo/main.ts', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function outcome(child: Child) {
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

const demo = (...args: string[]) => outcome(start(...args));

async function jsonDemo(...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await demo('--json', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('the demo', () => {
  // Takes its time, and most of that is waiting: the other tests run meanwhile.
  let whole: Promise<Report>;
  beforeAll(() => {
    whole = jsonDemo();
    whole.catch(() => {});
  });

  it('knows no homes with round robin, and compares it with consistent hashing', async () => {
    const report = await jsonDemo('--requests', '200', '--strategy', 'round-robin');
    expect(report.addresses?.gateway).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(report.requests).toEqual({ sent: 200, answered: 200, lost: 0 });
    expect(report.backends.every(({ keysAtHome, spills }) => keysAtHome === null && spills === null)).toBe(
      true,
    );
    expect(report.phases.every(({ keys }) => keys === null)).toBe(true);
    expect(report.bounds).toBeNull();
    expect(report.comparison.other.strategy).toBe('consistent-hash');
  });

  it('goes without a gateway on demand, and holds every admission against its bounds', async () => {
    const { addresses, requests, bounds } = await jsonDemo('--requests', '300', '--in-process');
    expect(addresses).toBeNull();
    expect(requests).toEqual({ sent: 300, answered: 300, lost: 0 });
    expect(bounds).toMatchObject({ factor: 1.25, admissions: { broken: 0 } });
    expect(bounds?.admissions?.checked).toBeGreaterThan(200);
  });

  it('prints the table once and no escape codes into a pipe, and on demand keeps up the dashboard', async () => {
    const child = start('--requests', '200', '--keep');
    const exited = once(child, 'exit');
    const problems = text(child.stderr);
    let told = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        told += chunk;
        if (told.includes('Ctrl-C ends both')) resolve();
      });
    });
    expect(told).not.toContain('\x1b');
    expect(told.match(/keys at home/g)).toHaveLength(1);
    expect(told).toMatch(/^ beta +\d+/m);
    expect(told).toContain('beta closes its port');
    expect(told).toContain('200 of 200 answered');
    expect(told).toContain('the same 200 requests with the same faults for every strategy');
    expect(told).toMatch(/^ round-robin +[\d.]+% /m);
    for (const word of ['spills:', 'plan:', 'stray:']) expect(told).toContain(word);
    const [, dashboard = ''] = /Dashboard: (\S+) is still up/.exec(told) ?? [];
    const [, gateway = ''] = /Gateway: +(\S+) still takes requests/.exec(told) ?? [];
    expect(told.startsWith(` Dashboard: ${dashboard} (for as long as this runs`)).toBe(true);
    const get = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
    expect(await get(`${gateway}products/oak-lamp`)).toContain('/products/oak-lamp, made by');
    expect(await get(dashboard)).toMatch(/<html/i);
    child.kill('SIGINT');
    expect([await exited, await problems]).toEqual([[0, null], '']);
    await expect(get(gateway)).rejects.toThrow('fetch failed');
    await expect(get(dashboard)).rejects.toThrow('fetch failed');
  });

  it.each([
    [['--requests', '0'], '--requests must be an integer from 1 to 1000000, got "0"'],
    [['--requests', '-5'], "Option '--requests' must be followed by its value"],
    [['--in-process', '--keep'], '--keep needs the dashboard, which --in-process does not have'],
    [['--colour'], "Unknown option '--colour'"],
    [['--strategy', 'best'], `--strategy must be one of ${Object.keys(strategies).join(', ')}, got "best"`],
  ])('says in one line what is wrong with %j', async (args, problem) => {
    expect(await demo(...args)).toEqual({
      code: 2,
      stdout: '',
      stderr: `${problem} (--help lists the options)\n`,
    });
  });

  it('stops at once, without a summary, when it is interrupted', async () => {
    const child = start();
    const ended = outcome(child);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(stdout).not.toContain('answered');
  });

  it('loses no request to any fault, keeps its promises and prints one JSON document', async () => {
    const { requests, resilience, backends, phases, bounds, comparison } = await whole;
    expect(requests).toEqual({ sent: requests.sent, answered: requests.sent, lost: 0 });
    const { retries, failures } = resilience;
    // A check may find the closed port before a request does.
    expect(retries.unsent + retries.error).toBeGreaterThan(0);
    expect(retries.status).toBeGreaterThan(0);
    expect(retries.unsent + retries.error + retries.status).toBe(failures);
    expect(resilience.faults.map(({ name }) => name)).toEqual([
      'beta refuses',
      'beta hangs',
      'beta answers 500',
    ]);
    expect(resilience.faults.every(({ foundMs }) => foundMs !== null)).toBe(true);
    expect(resilience.ejections).toBeGreaterThan(0);
    expect(backends.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'alpha up',
      'beta up',
      'gamma up',
      'delta up',
      'epsilon up',
    ]);
    expect(backends.reduce((sum, backend) => sum + backend.requests, 0)).toBe(requests.sent + failures);
    expect(bounds).toEqual({ factor: 1.25, admissions: null });
    // A key whose home is full when it comes back may stay elsewhere.
    expect(phases.every(({ keys }) => (keys?.strayed ?? 0) < 0.05)).toBe(true);
    const { own, other } = comparison;
    expect(other).toMatchObject({ strategy: 'round-robin', lost: 0 });
    expect(own.hitRate).toBeGreaterThan(other.hitRate as number);
  });

  it('ends with a table of every strategy on the same requests, which agrees with what it measured', async () => {
    const { fair, requests, cache } = await whole;
    expect(fair.requests).toBe(requests.sent);
    const of = (name: string) => fair.rows.find(({ strategy }) => strategy === name);
    expect(fair.rows.map(({ strategy }) => strategy)).toEqual(
      expect.arrayContaining(['consistent-hash', 'round-robin', 'least-connections', 'hash-mod-n']),
    );
    expect(Math.abs((of('consistent-hash')?.hitRate ?? 0) - (cache.hitRate ?? 0))).toBeLessThan(0.1);
    expect(of('round-robin')?.keysMoved).toBeGreaterThan(of('consistent-hash')?.keysMoved as number);
    expect(Object.keys(fair.best)).toContain('hits');
  });
});
