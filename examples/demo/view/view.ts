// The views of the demo: for a terminal, a pipe, and JSON.

import type { Report } from '../report/report.ts';
import type { Addresses } from '../ways/way.ts';
import { cut } from './format.ts';
import { frame, lastDecision, story } from './frame.ts';
import { type Palette, paletteFor } from './palette.ts';
import type { Passes } from './passes.ts';
import { Screen, type Terminal } from './screen.ts';
import { summaryLines } from './summary.ts';

/** The width of an output that does not report one. */
const DEFAULT_WIDTH = 100;
const NARROWEST = 40;
const MARGIN = ' ';
/** How long a decision is shown, so that it can be read. */
const DECISION_MS = 800;

/** Shows the demo on a terminal, or prints it for a program. */
export interface View {
  /** Called once if there is a gateway. */
  open(addresses: Addresses): void;
  /** Called about ten times a second. */
  show(passes: Passes): void;
  /** Called at the end, unless the demo was interrupted. */
  finish(passes: Passes, report: Report): void;
  /** Called after that if the gateway runs on until Ctrl-C. */
  keep(addresses: Addresses): void;
  /** Called at the end in any case, to leave the terminal in order. */
  close(): void;
}

/** A table that is refreshed in place, and a summary below it. */
export function terminalView(terminal: Terminal & Pick<NodeJS.WriteStream, 'hasColors'>): View {
  const palette = paletteFor(terminal.hasColors());
  const screen = new Screen(terminal);
  const decision = held(DECISION_MS);
  const width = () => Math.max(NARROWEST, terminal.columns) - 2 * MARGIN.length;
  return {
    open: (addresses) => terminal.write(`\n${indented(openedLines(addresses, palette)).join('\n')}\n`),
    show(passes) {
      const live = liveLines(story(passes).at(-1) ?? '', decision(lastDecision(passes)), width(), palette);
      screen.paint(indented([...frame(passes, width(), palette), '', ...live]));
    },
    finish(passes, report) {
      screen.paint(indented(frame(passes, width(), palette)));
      screen.close();
      terminal.write(`${indented(summaryLines(report, width(), palette)).join('\n')}\n\n`);
    },
    keep: (addresses) => terminal.write(`${indented(keptLines(addresses, palette)).join('\n')}\n`),
    close: () => screen.close(),
  };
}

/** For a pipe or a file: each step when it happens, then the table and the summary once. */
export function lineView(stream: Pick<NodeJS.WriteStream, 'write'>, hasColours: boolean): View {
  const palette = paletteFor(hasColours);
  const width = DEFAULT_WIDTH - 2 * MARGIN.length;
  let told = 0;
  return {
    open: (addresses) => stream.write(`${indented(openedLines(addresses, palette)).join('\n')}\n`),
    show(passes) {
      const lines = story(passes);
      for (const line of lines.slice(told)) stream.write(`${MARGIN}${line}\n`);
      told = lines.length;
    },
    finish(passes, report) {
      const lines = [...frame(passes, width, palette), ...summaryLines(report, width, palette)];
      stream.write(`${indented(lines).join('\n')}\n`);
    },
    keep: (addresses) => stream.write(`${indented(keptLines(addresses, palette)).join('\n')}\n`),
    close: () => {},
  };
}

/** Only one JSON document at the end. */
export function jsonView(stream: Pick<NodeJS.WriteStream, 'write'>): View {
  return {
    open: () => {},
    show: () => {},
    finish: (_, report) => stream.write(`${JSON.stringify(report, undefined, 2)}\n`),
    keep: () => {},
    close: () => {},
  };
}

function openedLines({ gateway, dashboard }: Addresses, { bold }: Palette): string[] {
  return [
    `${bold('Dashboard:')} ${dashboard} (for as long as this runs; see --keep)`,
    `${bold('Gateway:')}   ${gateway}`,
  ];
}

function keptLines({ gateway, dashboard }: Addresses, { bold }: Palette): string[] {
  return [
    `${bold('Dashboard:')} ${dashboard} is still up`,
    `${bold('Gateway:')}   ${gateway} still takes requests; Ctrl-C ends both`,
  ];
}

function liveLines(now: string, why: string, width: number, { bold, dim }: Palette): string[] {
  const room = width - 'now  '.length;
  return [`${bold('now')}  ${cut(now, room)}`, dim(`why  ${cut(why, room)}`)];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : MARGIN + line));
}

/** Keeps a text for some time before it accepts a new one. */
function held(ms: number): (text: string) => string {
  let shown = '';
  let since = Number.NEGATIVE_INFINITY;
  return (text) => {
    if (performance.now() - since < ms) return shown;
    since = performance.now();
    return (shown = text);
  };
}
