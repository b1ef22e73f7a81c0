// The process of one worker.
import { systemEnv } from 'evenkeel';
import { ReverseProxy } from '../reverse-proxy.ts';
import type { PrimaryPort } from '../workers/messages.ts';
import { resolveShared } from '../workers/shared-config.ts';
import { WorkerServer } from '../workers/worker-server.ts';
import { surviveFaults } from './faults.ts';
import type { Io } from './io.ts';

/** The primary passes signals on; a terminal or a supervisor sends them to every process. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const primary: PrimaryPort = {
  send: (report, done) => void process.send?.(report, undefined, undefined, () => done?.()),
  onMessage: (listener) => void process.on('message', listener),
};

/** Serves as one of several workers: obeys the primary, and ends with it. */
export function runWorker(io: Io): void {
  const worker = new WorkerServer(primary, {
    open(config, shared, number) {
      const log = io.openLog(config.log, number);
      return { log, gateway: new ReverseProxy(config, { log, ...shared }, resolveShared) };
    },
    exit: (code) => process.exit(code),
  });
  for (const signal of SIGNALS) io.process.on(signal, () => {});
  surviveFaults(
    io.process,
    () => worker.log,
    systemEnv,
    (reason) => worker.tellFaulty(reason),
  );
}
