// Repaints lines on a terminal in place.

import { stripVTControlCharacters } from 'node:util';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_TO_END_OF_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** The part of a terminal's stream that a {@link Screen} uses. */
export type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows'>;

/**
 * Repaints lines in place. To avoid flicker it moves the cursor to the first line and overwrites all lines
 * with one write, without clearing them before. Never exceeds the terminal's height.
 */
export class Screen {
  readonly #terminal: Terminal;
  /** Widths of the painted lines. */
  #painted: number[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  paint(lines: readonly string[]): void {
    const visible = lines.slice(0, Math.max(1, this.#terminal.rows - 1));
    const text = visible.map((line) => `${line}${CLEAR_TO_END_OF_LINE}\n`).join('');
    const opening = this.#painted.length === 0 ? HIDE_CURSOR : '';
    this.#terminal.write(opening + this.#up() + text + CLEAR_BELOW);
    this.#painted = visible.map((line) => stripVTControlCharacters(line).length);
  }

  /** Ends the painting: keeps the lines and shows the cursor again. */
  close(): void {
    if (this.#painted.length > 0) this.#terminal.write(SHOW_CURSOR);
    this.#painted = [];
  }

  /**
   * Moves back to the first line. If the terminal became narrower, a line takes several rows.
   */
  #up(): string {
    const rows = this.#painted.reduce(
      (sum, width) => sum + Math.max(1, Math.ceil(width / this.#terminal.columns)),
      0,
    );
    return rows === 0 ? '' : `\x1b[${rows}A\r`;
  }
}
