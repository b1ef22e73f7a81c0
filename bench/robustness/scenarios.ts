import type { Scenario } from './scenario.ts';
import { checksums } from './scenarios/checksums.ts';
import { fileLimit } from './scenarios/file-limit.ts';
import { floods } from './scenarios/floods.ts';
import { logPipe } from './scenarios/log-pipe.ts';
import { memoryLimit } from './scenarios/memory-limit.ts';
import { pipelining } from './scenarios/pipelining.ts';
import { slowAnswers } from './scenarios/slow-answers.ts';
import { slowReaders } from './scenarios/slow-readers.ts';
import { slowloris } from './scenarios/slowloris.ts';
import { soak } from './scenarios/soak.ts';
import { standstill } from './scenarios/standstill.ts';
import { tunnels } from './scenarios/tunnels.ts';
import { unread } from './scenarios/unread.ts';

/** All scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  slowloris,
  tunnels,
  floods,
  pipelining,
  slowAnswers,
  slowReaders,
  unread,
  checksums,
  fileLimit,
  logPipe,
  standstill,
  memoryLimit,
  soak,
];
