// Runs a job in a child process.

import { fork } from 'node:child_process';
import type { Job, MeasureName, Sample } from './job.ts';

/** Far longer than any job takes, even on a busy machine. */
const PATIENCE_MS = 120_000;

const MEMORY_FLAGS = ['--expose-gc'];
/** A young generation so large (in MB) that a whole pass of leases fits before anything is collected. */
const GARBAGE_FLAGS = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];

const flags: Partial<Record<MeasureName, readonly string[]>> = {
  'evenkeel-memory': MEMORY_FLAGS,
  'hashring-memory': MEMORY_FLAGS,
  'evenkeel-garbage': GARBAGE_FLAGS,
};

/**
 * Runs one job in a child process of its own, so that no contender runs code that was compiled for another
 * one.
 * @throws Error if the child process fails or takes too long
 */
export function measureInChild(script: string, job: Job): Promise<Sample> {
  return new Promise((resolve, reject) => {
    // The child must not inherit flags of this process, such as its loader.
    const child = fork(script, [JSON.stringify(job)], {
      execArgv: [...(flags[job.measure] ?? [])],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      timeout: PATIENCE_MS,
    });
    let sample: Sample | undefined;
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk));
    child.on('message', (message) => (sample = message as Sample));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0 && sample !== undefined) return resolve(sample);
      const reason = signal === null ? `exit code ${code}` : `signal ${signal}`;
      reject(new Error(`${job.measure} at n = ${job.n} failed with ${reason}\n${complaint}`.trim()));
    });
  });
}
