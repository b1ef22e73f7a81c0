import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Running } from '../target.ts';
import { sleep } from '../wire/poll.ts';

/** How a peer is run: its command, and its configuration for a port and a folder of its own. */
export interface Peer {
  readonly command: (file: string, folder: string) => readonly [string, ...string[]];
  readonly config: (port: number, folder: string) => string;
}

// Below the ports that the platform gives out by itself; one after the other, since some share a port without
// a word.
let lastPort = 20_000 + Math.floor(Math.random() * 10_000);

async function listens(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (child.exitCode !== null) break;
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    await sleep(10);
  }
  throw new Error(`the peer does not listen on ${port}`);
}

/** Starts a peer in a process of its own. */
export async function startPeer(peer: Peer, options: { readonly plain: boolean }): Promise<Running> {
  const port = ++lastPort;
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  const file = join(folder, 'peer.conf');
  writeFileSync(file, peer.config(port, folder));
  const [command, ...args] = peer.command(file, folder);
  const child = spawn(command, args, { stdio: 'ignore' });
  const missing = once(child, 'error').then(([error]) => Promise.reject(error));
  await Promise.race([listens(port, child), missing]);
  return {
    port,
    plain: options.plain,
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
