import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Io } from '../../src/cli/io.ts';
import { run } from '../../src/cli/run.ts';
import { KeptLog } from '../workers/fakes.ts';

/** Surroundings that keep what is written. */
export class KeptIo implements Io {
  out = '';
  err = '';
  readonly log = new KeptLog();
  readonly process = new EventEmitter();
  env: Record<string, string> = {};
  nodeVersion = '24.1.0';
  isTerminal = false;
  readonly stdout = { write: (text: string) => void (this.out += text) };
  readonly stderr = { write: (text: string) => void (this.err += text) };
  readonly openLog = () => this.log;
}

/** Runs a command line to its end. */
export async function ran(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = new KeptIo();
  const code = await run(args, io);
  return { code, out: io.out, err: io.err };
}

/** A folder for one test. @returns a function that writes a file in it, and gives its path */
export function folder(): (name: string, content: string) => string {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return (name, content) => {
    writeFileSync(join(path, name), content);
    return join(path, name);
  };
}
