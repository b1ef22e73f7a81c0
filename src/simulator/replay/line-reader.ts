// Divides a log that comes in pieces into lines.

/** A piece of a log: text, or bytes of UTF-8. Lines may go on in the next piece. */
export type LogPiece = string | Uint8Array;

/** An access log, piece by piece. */
export type LogPieces = Iterable<LogPiece> | AsyncIterable<LogPiece>;

/** Longer lines are no requests: they are left out without being kept. */
const LONGEST_LINE = 65_536;

/** Lists of lines, without empty ones. A line that is too long is empty. */
export async function* linesOf(pieces: LogPieces): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  let isTooLong = false;
  for await (const piece of pieces) {
    const text = typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
    const lines = (rest + text).split('\n');
    rest = lines.pop() as string;
    if (isTooLong && lines.length > 0) {
      lines[0] = '';
      isTooLong = false;
      yield filtered(lines, true);
    } else if (lines.length > 0) yield filtered(lines, false);
    if (rest.length > LONGEST_LINE) {
      isTooLong = true;
      rest = '';
    }
  }
  rest += decoder.decode();
  if (isTooLong) yield [TOO_LONG];
  else if (rest.trim() !== '') yield filtered([rest], false);
}

/** Stands for a line that is too long. */
export const TOO_LONG = '\0';

function filtered(lines: readonly string[], isFirstTooLong: boolean): string[] {
  const kept: string[] = isFirstTooLong ? [TOO_LONG] : [];
  for (const line of lines) {
    const end = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (end.length > LONGEST_LINE) kept.push(TOO_LONG);
    else if (end !== '') kept.push(end);
  }
  return kept;
}
