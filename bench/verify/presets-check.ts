// Runs the presets of the simulator and holds each figure of their lessons against the run.

import { type PresetName, presets, simulate } from '../../src/simulator/index.ts';
import type { Check } from './check.ts';
import { CLAIMS, figuresIn, Look } from './preset-claims.ts';

export const presetsCheck: Check = {
  name: 'presets',
  about: "the figures in the lessons of the simulator's presets",
  async run(show) {
    for (const [name, { scenario, lesson }] of Object.entries(presets)) {
      const claims = CLAIMS[name as PresetName](new Look(await simulate(scenario)));
      const told = figuresIn(lesson);
      show({
        what: name,
        figure: claims.join(', '),
        target: `as its lesson says: ${told.join(', ')}`,
        met: claims.join() === told.join(),
      });
    }
    return [];
  },
};
