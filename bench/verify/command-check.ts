// A check that is a command of its own: its output is shown as it is, and its exit code is the verdict.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Check } from './check.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A check that runs a TypeScript program.
 * @param program - its path from the root of the repository
 */
export function commandCheck(name: string, about: string, program: string, args: string[] = []): Check {
  return {
    name,
    about,
    async run() {
      const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
        cwd: ROOT,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const stop = () => child.kill('SIGTERM');
      process.once('exit', stop);
      try {
        const [code, signal] = await once(child, 'exit');
        const figure = signal === null ? `exit code ${code}` : `ended by ${signal}`;
        return [{ what: [program, ...args].join(' '), figure, target: 'exit code 0', met: code === 0 }];
      } finally {
        process.off('exit', stop);
      }
    },
  };
}
