import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const MODULE = new URL('../../src/config/config-watch.ts', import.meta.url).href;

let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-watch-'));
});

afterEach(async () => {
  if (child !== undefined && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true });
});

/** A process that watches a file, and then does something else. */
function watcher(path: string, rest: string): ChildProcess {
  const script = `
    import { watchConfigFile } from ${JSON.stringify(MODULE)};
    watchConfigFile(${JSON.stringify(path)}, () => console.log('changed'), { intervalMs: 20 });
    console.log('watching');
    ${rest}`;
  child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return child;
}

/** The next line of a process. */
async function* linesOf({ stdout }: ChildProcess): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of stdout ?? []) {
    text += String(chunk);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}

describe('a process that watches its configuration', () => {
  it('sees it written in place, and replaced', async () => {
    const path = join(folder, 'gateway.yaml');
    writeFileSync(path, 'a: 1');
    const lines = linesOf(watcher(path, 'process.stdin.resume();'));
    expect((await lines.next()).value).toBe('watching');
    writeFileSync(path, 'a: 2, b: 3');
    expect((await lines.next()).value).toBe('changed');
    writeFileSync(`${path}.new`, 'a: 2, b: 4');
    renameSync(`${path}.new`, path);
    expect((await lines.next()).value).toBe('changed');
  });

  it('ends when it has nothing else to do', async () => {
    const path = join(folder, 'gateway.yaml');
    writeFileSync(path, 'a: 1');
    const [code] = await once(watcher(path, ''), 'exit');
    expect(code).toBe(0);
  });
});
