// Unix sockets that a process has left behind.
import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * Removes the file of a unix socket at which no process listens: one that was killed leaves it behind, and
 * the next one could not listen there. Any other file stays.
 */
export async function removeStale(path: string): Promise<void> {
  if (isSocket(path) && (await isRefused(path))) unlinkSync(path);
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return false;
  }
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(false);
    });
    probe.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
  });
}
