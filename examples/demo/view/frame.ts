// The live view: a frame of lines that is refreshed in place.

import type { Explanation } from 'evenkeel';
import type { Pass } from '../run/pass.ts';
import { backendTable } from './backend-table.ts';
import { counted, cut } from './format.ts';
import type { Palette } from './palette.ts';
import type { Passes } from './passes.ts';
import { timeLines } from './time-line.ts';

/** The current state, in lines of up to `width` characters. */
export function frame(passes: Passes, width: number, palette: Palette): string[] {
  return [
    '',
    heading(passes.main, width, palette),
    '',
    ...backendTable(passes.main, width, palette),
    '',
    ...timeLines(passes, width, palette),
  ];
}

/** The steps so far, a line each; the current one is last. */
export function story({ main, other }: Passes): readonly string[] {
  if (other === undefined) return main.stage.story;
  return [...main.stage.story, `once more with ${other.strategy} and new backends`];
}

/** The last explained decision, in one line. */
export function lastDecision({ main, other }: Passes): string {
  const last = (other ?? main).lastDecision;
  if (last === undefined) return '';
  const { request, explanation } = last;
  return `${request.method} ${request.path} → ${explanation.picked}: ${reason(explanation)}`;
}

function heading({ strategy, stream, keys, cluster }: Pass, width: number, { bold, dim }: Palette): string {
  const where = cluster.way.addresses === null ? 'in process' : 'gateway';
  const requests = `${counted(stream.length, 'request')} for ${counted(keys.samples.length, 'key')}`;
  const what = `${where}, ${strategy}, ${requests}`;
  return `${bold('evenkeel')}  ${dim(cut(what, width - 10))}`;
}

/** The reason for a decision in a few words. */
function reason({ strategy, owner, picked, remembered, spilled, candidates }: Explanation): string {
  const load = (id: string | undefined) => {
    const found = candidates.find((candidate) => candidate.id === id);
    return found === undefined ? '' : `${found.inFlight} of ${found.flightLimit} in flight`;
  };
  if (owner === undefined) return `the choice of ${strategy}`;
  if (spilled) return `spills over: the owner ${owner} has ${load(owner)}`;
  return remembered ? `the owner of its key, ${load(picked)}` : 'a new key, which it owns from now on';
}
