import * as consistentHash from './contenders/consistent-hash.ts';
import * as evenkeelBalancer from './contenders/evenkeel-balancer.ts';
import * as evenkeelRing from './contenders/evenkeel-ring.ts';
import * as hashring from './contenders/hashring.ts';
import type { Job, Measure, MeasureName } from './job.ts';
import { evenness } from './promises/evenness.ts';
import { movement } from './promises/movement.ts';

/** The program of a child process: runs the job that it receives, and sends the results back. */
const measures: Readonly<Record<MeasureName, Measure>> = {
  'evenkeel-pick': evenkeelRing.pick,
  'evenkeel-new-keys': evenkeelBalancer.newKeys,
  'evenkeel-known-keys': evenkeelBalancer.knownKeys,
  'evenkeel-guarded': evenkeelBalancer.guarded,
  'evenkeel-followed': evenkeelBalancer.followed,
  'evenkeel-change': evenkeelRing.change,
  'evenkeel-memory': evenkeelRing.memory,
  'evenkeel-garbage': evenkeelBalancer.garbage,
  'hashring-get': hashring.get,
  'hashring-change': hashring.change,
  'hashring-memory': hashring.memory,
  'consistent-hash-get': consistentHash.get,
  movement,
  evenness,
};

const job: Job = JSON.parse(process.argv[2] as string);
process.send?.(await measures[job.measure](job));
