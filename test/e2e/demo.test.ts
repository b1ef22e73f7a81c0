import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../examples/demo/report/report.ts';
import { strategies } from '../../src/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** The demo in a process of its own, as `npm start` runs it, with its output in pipes. */
function start(...args: string[]): Child {
  const { FORCE_COLOR: _, ...env } = process.env;
  return spawn(process.execPath, ['--import', 'tsx', 'examples/demo/main.ts', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
    expect(report.requests).toEqual({ sent: 200, answered: 200, lost: 0 });
    expect(report.backends.every(({ keysAtHome, spills }) => keysAtHome === null && spills === null)).toBe(
      true,
    );
    expect(report.phases.every(({ keys }) => keys === null)).toBe(true);
    expect(report.bounds).toBeNull();
    expect(report.comparison.other.strategy).toBe('consistent-hash');
  });

  it('prints the table once and no escape codes into a pipe', async () => {
    const { code, stdout, stderr } = await demo('--requests', '200');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('\x1b');
    expect(stdout.match(/keys at home/g)).toHaveLength(1);
    expect(stdout).toMatch(/^ beta +\d+/m);
    expect(stdout).toContain('beta closes its port');
    expect(stdout).toContain('200 of 200 answered');
  });

  it.each([
    [['--requests', '0'], '--requests must be an integer from 1 to 1000000, got "0"'],
    [['--requests', '-5'], "Option '--requests' must be followed by its value"],
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
    const { refused, broken, timedOut, status5xx } = resilience.failures;
    expect(refused + broken).toBeGreaterThan(0);
    expect(timedOut).toBeGreaterThan(0);
    expect(status5xx).toBeGreaterThan(0);
    expect(resilience.retries).toBe(refused + broken + timedOut + status5xx);
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
    expect(backends.reduce((sum, backend) => sum + backend.requests, 0)).toBe(
      requests.sent + resilience.retries,
    );
    expect(bounds).toMatchObject({ factor: 1.25, broken: 0 });
    // A key whose home is full when it comes back may stay elsewhere.
    expect(phases.every(({ keys }) => (keys?.strayed ?? 0) < 0.05)).toBe(true);
    const { own, other } = comparison;
    expect(other).toMatchObject({ strategy: 'round-robin', lost: 0 });
    expect(own.hitRate).toBeGreaterThan(other.hitRate as number);
  });
});
