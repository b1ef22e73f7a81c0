import cluster from 'node:cluster';
import type { WorkerProcess } from './worker-link.ts';

/**
 * Starts this very program once more, with the same loaders, as a process that shares listeners. The primary accepts connections and hands
 * them out in turn; `NODE_CLUSTER_SCHED_POLICY=none` lets the operating system choose.
 */
export function forkWorker(): WorkerProcess {
  // Keeps what JSON has no word for, such as infinity.
  cluster.setupPrimary({ serialization: 'advanced' });
  const worker = cluster.fork();
  // A message to a process that has just ended is lost, and its end is told by its exit.
  worker.on('error', () => {});
  return {
    pid: worker.process.pid,
    send: (message) => void worker.process.send(message, undefined, undefined, () => {}),
    kill: () => void worker.process.kill('SIGKILL'),
    onMessage: (listener) => void worker.on('message', listener),
    onExit: (listener) => {
      worker.once('exit', (code, signal) => listener(signal || `exit code ${code}`));
    },
  };
}
