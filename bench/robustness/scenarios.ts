import type { Scenario } from './scenario.ts';
import { fileLimit } from './scenarios/file-limit.ts';
import { floods } from './scenarios/floods.ts';
import { logPipe } from './scenarios/log-pipe.ts';
import { memoryLimit } from './scenarios/memory-limit.ts';
import { slowReaders } from './scenarios/slow-readers.ts';
import { slowloris } from './scenarios/slowloris.ts';
import { soak } from './scenarios/soak.ts';
import { standstill } from './scenarios/standstill.ts';
import { tunnels } from './scenarios/tunnels.ts';

/** All scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  slowloris,
  tunnels,
  floods,
  slowReaders,
  fileLimit,
  logPipe,
  standstill,
  memoryLimit,
  soak,
];
