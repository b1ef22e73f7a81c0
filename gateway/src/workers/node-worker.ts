// Worker processes of node:cluster.
import cluster from 'node:cluster';
import { systemEnv } from 'evenkeel';
import { closeStrayConnections } from './stray-connections.ts';
import type { WorkerProcess } from './worker-link.ts';

/**
 * Starts this program again, with the same loaders, as a process that shares listeners. The primary accepts
 * connections and hands them out in turn, so that workers have equally many. With
 * `NODE_CLUSTER_SCHED_POLICY=none` workers accept connections themselves, which is faster for connections of
 * one request each, but less even.
 */
export function forkWorker(): WorkerProcess {
  // Keeps values that JSON does not have, such as infinity.
  cluster.setupPrimary({ serialization: 'advanced' });
  const worker = cluster.fork();
  // A message to a process that has ended is lost; `exit` tells of the end.
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
