import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ChaosReport } from '../../bench/chaos/chaos.ts';
import { faultKinds } from '../../bench/chaos/faults.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The fault test in a process of its own, as `npm run chaos` runs it, with its output in pipes. */
async function chaos(...args: string[]) {
  const { FORCE_COLOR: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/chaos/main.ts', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

async function jsonChaos(...args: string[]): Promise<ChaosReport> {
  const { code, stdout, stderr } = await chaos('--json', ...args);
  const report: ChaosReport = JSON.parse(stdout);
  const verdicts = [...report.storms.flatMap((storm) => storm.verdicts), ...report.flapping.verdicts];
  const broken = [...verdicts, ...report.verdicts].filter(({ kept }) => kept === false);
  expect({ code, stderr, broken }).toEqual({ code: 0, stderr: '', broken: [] });
  return report;
}

describe('the fault test', () => {
  it('injects every kind of fault, breaks no promise, and is the same again for the same seed', async () => {
    const [first, same, other] = await Promise.all([
      jsonChaos('--requests', '5000', '--verify'),
      jsonChaos('--requests', '5000', '--seed', '1'),
      jsonChaos('--requests', '5000', '--seed', '2'),
    ]);
    expect(first.kept).toBe(true);
    expect(first.storms.map(({ strategy }) => strategy)).toEqual(['consistent-hash', 'round-robin']);
    for (const { faults, requests, ok, verdicts, latencyMs } of first.storms) {
      expect(faults.map(({ kind }) => kind)).toEqual([...faultKinds]);
      expect(faults.filter(({ injected }) => injected === 0)).toEqual([]);
      expect(requests).toBe(5_000);
      expect(ok).toBe(5_000 - faults.reduce((sum, { errors }) => sum + errors, 0));
      expect(latencyMs.max).toBeLessThanOrEqual(3_000);
      // Of so few requests, only the shares cannot be judged.
      expect(verdicts.filter(({ kept }) => kept === undefined)).toHaveLength(1);
    }
    expect(first.flapping).toMatchObject({ backends: 1_000, virtualMs: 5_000 });
    expect(first.flapping.changes / 10).toBeCloseTo(10_000, -2);
    const digests = ({ storms }: ChaosReport) => storms.map(({ digest }) => digest);
    expect(digests(same)).toEqual(digests(first));
    expect(digests(other)).not.toEqual(digests(first));
    expect(digests(first).every((digest) => /^[0-9a-f]{16}$/.test(digest))).toBe(true);
  });

  it('prints tables without escape codes into a pipe', async () => {
    const { code, stdout } = await chaos('--requests', '1000');
    expect(code).toBe(0);
    expect(stdout).not.toContain('\x1b');
    expect(stdout).toMatch(/^ {2}abort in mid-body +\d+/m);
    expect(stdout).toContain('No promise broken');
  });

  it.each([
    [['--requests', '10'], '--requests must be an integer from 1000 to 1000000, got "10"'],
    [['--requests', '-5'], "Option '--requests' must be followed by its value"],
    [['--seed', 'x'], '--seed must be an integer from 0 to 4294967295, got "x"'],
    [['--colour'], "Unknown option '--colour'"],
  ])('says in one line what is wrong with %j', async (args, problem) => {
    expect(await chaos(...args)).toEqual({ code: 2, stdout: '', stderr: `chaos: ${problem}; see --help\n` });
  });
});
