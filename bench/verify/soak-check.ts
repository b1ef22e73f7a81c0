// A long time of mixed load, while backends fail and clients leave at random bytes.

import { Lab } from '../robustness/lab.ts';
import { soakFor } from '../robustness/scenarios/soak.ts';
import { formatBytes } from '../text.ts';
import type { Check } from './check.ts';

const LOOK_MS = 60_000;
/** Some 700 requests a second: what is sought comes with time, not with load. */
const MEAN_PAUSE_MS = 30;
/** Fewer would not cover what a connection can be in the middle of; an hour has ten times as many. */
const LEAVERS_A_MINUTE = 1_000;

export const soakCheck: Check = {
  name: 'soak',
  about: 'an hour, or `--minutes`, of mixed load: backends fail, clients leave at random bytes',
  async run(show, { minutes, seed }) {
    show({ what: 'seed', figure: String(seed) });
    const lab = new Lab();
    const killAll = () => lab.killAll();
    process.once('exit', killAll);
    try {
      const startedAt = performance.now();
      const { figures, verdicts } = await soakFor(lab, {
        soakMs: minutes * 60_000,
        seed,
        meanPauseMs: MEAN_PAUSE_MS,
        told: {
          everyMs: LOOK_MS,
          look: ({ usedBytes, rssBytes, files, requests }) =>
            show({
              what: `after ${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes`,
              figure: `heap ${formatBytes(usedBytes)}, RSS ${formatBytes(rssBytes)}, ${files} files, ${requests} requests under way`,
            }),
        },
      });
      for (const [what, value] of Object.entries(figures)) {
        const figure = what.endsWith('Bytes') ? formatBytes(value) : String(Math.round(value));
        show({ what, figure });
      }
      for (const { promise, measured, kept } of verdicts)
        show({ what: 'promise', figure: measured, target: promise, met: kept !== false });
      const leavers = figures.leftAnywhere ?? 0;
      const most = LEAVERS_A_MINUTE * minutes;
      show({ what: 'clients that left', figure: String(leavers), target: `${most}`, met: leavers >= most });
    } finally {
      process.off('exit', killAll);
      await lab.clear();
    }
    return [];
  },
};
