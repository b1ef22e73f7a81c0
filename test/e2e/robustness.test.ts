import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isKept, type Result } from '../../bench/robustness/scenario.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The attacks in processes of their own, as `npm run robustness` runs them. */
async function robustness(...args: string[]) {
  const { FORCE_COLOR: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/robustness/main.ts', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

/** What a run of these scenarios found. */
async function findings(...names: string[]): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-robustness-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'found.json');
  const only = names.flatMap((name) => ['--only', name]);
  const { code, stdout, stderr } = await robustness('--quick', '--seconds', '5', '--json', file, ...only);
  const { kept, results }: { kept: boolean; results: Result[] } = JSON.parse(readFileSync(file, 'utf8'));
  const broken = results.flatMap(({ name, verdicts }) =>
    verdicts.filter((one) => one.kept === false).map((one) => ({ name, ...one })),
  );
  expect({ broken, code, stderr, kept }).toEqual({ broken: [], code: 0, stderr: '', kept: true });
  expect(stdout).not.toContain('\x1b');
  expect(stdout).toContain('No promise broken');
  return results;
}

describe.runIf(process.platform === 'linux')('the gateway under attack', () => {
  it('keeps its promises with slow connections, tunnels and floods of frames', async () => {
    const results = await findings('slowloris', 'tunnels', 'floods');
    const [slowloris, tunnels, floods] = results;
    expect(results.map(({ name }) => name)).toEqual(['slowloris', 'tunnels', 'floods']);
    expect(slowloris?.figures).toMatchObject({ connections: 500 });
    expect(tunnels?.figures).toMatchObject({ tunnels: 100 });
    expect(Object.keys(floods?.figures ?? {}).join()).toMatch(/resetEndedAfter.*continuationEndedAfter/);
  }, 180_000);

  it('keeps its promises while backends are killed and revived', async () => {
    const [soak] = await findings('soak');
    const { faults = 0, right = 0, posts = 0, tunnels = 0 } = soak?.figures ?? {};
    // Something did happen.
    expect(Math.min(faults, right / 100, posts / 50, tunnels / 5)).toBeGreaterThan(1);
  }, 120_000);

  it.each([
    [['--seconds', '2'], '--seconds must be an integer from 3 to 3600, got "2"'],
    [['--only', 'nothing'], /^--only must be one of slowloris, .*, got "nothing"$/],
    [['--json', '/nowhere/at.all'], '--json must name a file that can be written, got "/nowhere/at.all"'],
  ])('says in one line what is wrong with %j', async (args, problem) => {
    const { code, stdout, stderr } = await robustness(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(/^robustness: (.*); see --help\n$/.exec(stderr)?.[1]).toMatch(problem);
  });
});

describe('a broken promise', () => {
  it('is what makes a run fail; what cannot be judged does not', () => {
    const run = (...kept: (boolean | undefined)[]): Result[] => [
      {
        name: 'one',
        title: 'one',
        tookMs: 0,
        figures: {},
        verdicts: kept.map((one) => ({ promise: 'p', measured: 'm', kept: one })),
      },
    ];
    expect(isKept(run(true, undefined))).toBe(true);
    expect(isKept(run(true, false, true))).toBe(false);
  });
});
