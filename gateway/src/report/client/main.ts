// The script of a report. It draws what the markup cannot show. A part that fails leaves the others as they
// are.
import type { PageData } from '../page-data.ts';
import { sortableTable } from './contender-table.ts';
import { find } from './dom.ts';
import { latencyPlot } from './latency-plot.ts';
import { shareMap } from './share-map.ts';
import { slowMotion } from './slow-motion.ts';
import { timePlot } from './time-plot.ts';

const data = JSON.parse(find('#data').textContent ?? '') as PageData;
for (const part of [sortableTable, timePlot, latencyPlot, shareMap, slowMotion]) {
  try {
    part(data);
  } catch (error) {
    console.error(error);
  }
}
