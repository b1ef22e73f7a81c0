const MAX_LINE = 16 * 2 ** 20;

/**
 * The JSON values of a stream that has one in each line.
 * @throws SyntaxError, or RangeError for a line that is too long
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
    if (rest.length > MAX_LINE) throw new RangeError(`a line must be at most ${MAX_LINE} characters`);
  }
}
