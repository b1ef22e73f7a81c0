#!/usr/bin/env node
// The program `evenkeel`.
import cluster from 'node:cluster';
import { exitCode } from './exit-code.ts';
import { processIo, unwritten } from './io.ts';
import { run } from './run.ts';
import { runWorker } from './worker.ts';
import { settleYoungGeneration } from './young-generation.ts';

settleYoungGeneration();
if (cluster.isWorker) runWorker(processIo());
else process.exit(await runToEnd(process.argv.slice(2)));

/** Open handles must not keep a finished command alive, but a slow reader gets all of the output. */
async function runToEnd(args: readonly string[]): Promise<number> {
  const code = await run(args, processIo());
  const error = await unwritten(process.stdout);
  if (error !== undefined)
    process.stderr.write(`evenkeel: standard output cannot be written: ${error.message}\n`);
  await unwritten(process.stderr);
  return error === undefined ? code : exitCode.failed;
}
