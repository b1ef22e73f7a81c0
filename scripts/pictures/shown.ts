// What the picture of each preset shows.
import type { PresetName } from 'evenkeel/simulator';
import type { Shown } from './picture.ts';

export const SHOWN: Readonly<Record<PresetName, Shown>> = {
  hello: { over: 'contenders', column: 'hits' },
  'goes-and-comes-back': { over: 'time', series: 'hits', title: 'cache hits, %', isShare: true },
  'hot-key': { over: 'time', series: 'p99Ms', title: '99th percentile, ms' },
  'slow-backend': { over: 'time', series: 'p99Ms', title: '99th percentile, ms' },
  'two-choices': { over: 'contenders', column: 'meanMs' },
  'young-fleet': { over: 'contenders', column: 'mostOverMean' },
  antagonists: { over: 'contenders', column: 'p99Ms' },
  'rolling-deploy': { over: 'time', series: 'errors', title: 'errors, %', isShare: true },
  'retry-storm': { over: 'time', series: 'errors', title: 'errors, %', isShare: true },
  'scale-out': { over: 'time', series: 'hits', title: 'cache hits, %', isShare: true },
};
