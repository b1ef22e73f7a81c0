// Tests that others put in are found wherever they lie, and run each file for itself.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** What it takes to fail in a context that another file has used, or without the library. */
const ADDED = `
import { expect, it } from 'vitest';
import { Balancer } from 'evenkeel';
it('runs by itself', () => {
  expect(globalThis).not.toHaveProperty('used');
  Object.assign(globalThis, { used: true });
  expect(new Balancer(['http://a']).acquire('x').backend.id).toBe('http://a');
});
`;

/** Runs Vitest by the configuration of the repository over some files. */
function runOver(files: string[], ...options: string[]) {
  const root = mkdtempSync(join(tmpdir(), 'evenkeel-added-'));
  folders.push(root);
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(
      join(root, file),
      file.includes('global') ? ADDED.replace(/^import .*vitest';$/m, '') : ADDED,
    );
  }
  const vitest = join(repository, 'node_modules/vitest/vitest.mjs');
  const config = join(repository, 'vitest.config.ts');
  const args = [vitest, 'run', '--root', root, '--config', config, '--reporter=json', ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const json = stdout.slice(stdout.indexOf('{'));
  return { status, said: stdout + stderr, report: () => JSON.parse(json) as Report };
}

interface Report {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
}

it('finds tests that are added, and runs each file in a context of its own', () => {
  const added = [
    'tests/one.test.ts',
    'tests/deep/two.spec.ts',
    'three.test.ts',
    'src/four.spec.ts',
    'test/five.spec.ts',
    'tests/six-of-globals.test.ts',
  ];
  const { report, said, status } = runOver(added);
  expect(status, said).toBe(0);
  expect(report()).toMatchObject({ numTotalTests: added.length, numPassedTests: added.length });
});

it('has nothing against nothing', () => {
  const { status, said } = runOver([], '--project', 'added');
  expect(status, said).toBe(0);
});
