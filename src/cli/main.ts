#!/usr/bin/env node
import cluster from 'node:cluster';
import { processIo } from './io.ts';
import { run } from './run.ts';
import { runWorker } from './worker.ts';

if (cluster.isWorker) runWorker(processIo());
// What is left open must not hold a command up that has ended.
else process.exit(await run(process.argv.slice(2), processIo()));
