import cluster from 'node:cluster';
import { systemEnv } from 'evenkeel';
import { closeStrayConnections } from './stray-connections.ts';
import type { WorkerProcess } from './worker-link.ts';

/**
 * Starts this very program once more, with the same loaders, as a process that shares listeners. The primary accepts connections and hands
 * them out in turn, so that workers have equally many; with `NODE_CLUSTER_SCHED_POLICY=none` they accept by themselves, which is faster
 * for connections of one request each, and less even.
 */
export function forkWorker(): WorkerProcess {
  // Keeps what JSON has no word for, such as infinity.
  cluster.setupPrimary({ serialization: 'advanced' });
  const worker = cluster.fork();
  // A message to a process that has just ended is lost, and its end is told by its exit.
  worker.on('error', () => {});
  worker.once('exit', () => closeStrayConnections(systemEnv.timers));
  return {
    pid: worker.process.pid,
    send: (message) => void worker.process.send(message, undefined, undefined, () => {}),
    kill: () => void worker.process.kill('SIGKILL'),
    onMessage: (listener) => void worker.on('message', listener),
    onExit: (listener) => void worker.once('exit', (code, signal) => listener(signal || `exit code ${code}`)),
  };
}
