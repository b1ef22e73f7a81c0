import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../examples/demo/report.ts';
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
  it('answers every request, keeps its promises and prints one JSON document', async () => {
    const report = await jsonDemo('--requests', '600');
    expect(report.requests).toEqual({ sent: 600, answered: 600, lost: 0 });
    expect(report.backends.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'alpha up',
      'beta up',
      'gamma up',
      'delta up',
      'epsilon up',
    ]);
    expect(report.backends.reduce((sum, { requests }) => sum + requests, 0)).toBe(600);
    expect(report.bounds).toEqual({ factor: 1.25, admissions: 600, broken: 0 });
    expect(report.phases.map(({ keys }) => keys?.strayed)).toEqual([undefined, 0, 0, 0]);
    const { own, other, requests } = report.comparison;
    expect(requests).toBe(600);
    expect(other.strategy).toBe('round-robin');
    expect(own.hitRate).toBeGreaterThan(other.hitRate as number);
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
    expect(stdout).toMatch(/^ epsilon +\d+/m);
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
});
