// Whether the examples of fleets show what they promise, and leave nothing behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Check, Finding } from './check.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['redis', 'kubernetes', 'dns'] as const;
const FIRST_PORT = 14_000;
/** So many ports belong to one example. */
const PORTS = 100;
const KEPT = 'Ctrl-C ends it.';

type Show = (finding: Finding) => void;

export const examplesCheck: Check = {
  name: 'examples',
  about: 'the examples of fleets: what they show, and that Ctrl-C ends all of it',
  async run(show) {
    for (const [i, folder] of FOLDERS.entries()) await runs(folder, FIRST_PORT + i * PORTS, show);
    return [];
  },
};

async function runs(folder: (typeof FOLDERS)[number], port: number, show: Show): Promise<void> {
  const program = `examples/fleet/${folder}/main.ts`;
  const args = ['--import', 'tsx', program, '--port', String(port), '--keep'];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit');
  try {
    const out = await textUntil(child, KEPT);
    const failed = [...out.matchAll(/(\d+) of (\d+) requests failed/g)];
    const sum = (group: number) => failed.reduce((total, match) => total + Number(match[group]), 0);
    show({
      what: `${folder}: requests while backends and stores come and go`,
      figure: `${sum(1)} of ${sum(2)} failed`,
      target: '0, of some',
      met: sum(1) === 0 && failed.every(([, , asked]) => Number(asked) > 0) && failed.length > 1,
    });
    const apart = /^ {2}(\d+) of 30 paths on more than one backend; for example$/m.exec(out)?.[1];
    show({
      what: `${folder}: paths that gateways have at different backends`,
      figure: String(apart),
      target: '0',
      met: apart === '0',
    });
    child.kill('SIGINT');
    const ended = await Promise.race([exited, sleep(10_000, undefined, { ref: false })]);
    const left = await openPorts(port);
    show({
      what: `${folder}: after Ctrl-C`,
      figure: `exit code ${ended?.[0]}, ${left} ports open`,
      target: 'exit code 130, no port open',
      met: ended?.[0] === 130 && left === 0,
    });
  } finally {
    process.off('exit', kill);
    kill();
    await exited;
  }
}

/** @throws Error if it ends before, with what it has said */
async function textUntil(child: ChildProcess, last: string): Promise<string> {
  let out = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        out += chunk;
        if (out.includes(last)) resolve();
      });
    }
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${out.slice(-500)}`)));
  });
  return out;
}

async function openPorts(first: number): Promise<number> {
  const tries = Array.from({ length: PORTS }, async (_, i) => {
    const socket = connect(first + i, '127.0.0.1');
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    return isOpen;
  });
  return (await Promise.all(tries)).filter(Boolean).length;
}
