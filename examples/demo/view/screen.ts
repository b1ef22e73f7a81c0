import { stripVTControlCharacters } from 'node:util';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_TO_END_OF_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** The part of a terminal's stream that a {@link Screen} needs. */
export type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows'>;

/**
 * Repaints lines in place: the cursor goes up to the first one and writes over them, without clearing first
 * and in one piece, so that nothing flickers. Stays within the terminal's height.
 */
export class Screen {
  readonly #terminal: Terminal;
  /** Widths of the lines that stand there. */
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

  /** Leaves what was painted where it is, and gives the cursor back. */
  close(): void {
    if (this.#painted.length > 0) this.#terminal.write(SHOW_CURSOR);
    this.#painted = [];
  }

  /**
   * Back to the first line. One that was painted wider than the terminal is now has been broken into several.
   */
  #up(): string {
    const rows = this.#painted.reduce(
      (sum, width) => sum + Math.max(1, Math.ceil(width / this.#terminal.columns)),
      0,
    );
    return rows === 0 ? '' : `\x1b[${rows}A\r`;
  }
}
