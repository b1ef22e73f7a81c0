// Opens access logs: plain or packed with gzip, in the order of their rotation, and standard input.
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { reasonOf } from '../../config/text-file.ts';
import { UsageError } from '../exit-code.ts';

/** Standard input, as its name on the command line. */
const STDIN = '-';
const GZIP = [0x1f, 0x8b] as const;

/** What happens while logs are read. */
export interface LogReading {
  /** Ends the reading: what was read until then counts. */
  readonly signal: AbortSignal;
  /** Called with the number of bytes of each piece, as they are in the file. */
  readonly onBytes: (count: number) => void | Promise<void>;
  /** Takes what a reader should know, such as a file that ends early; each once. */
  readonly onNote: (text: string) => void;
}

/** Bytes of all files together; of standard input, nothing is known. */
export function sizeOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + (path === STDIN ? 0 : statSync(path).size), 0);
}

/** @throws UsageError that names the first path that is no readable file */
export function checkLogs(paths: readonly string[]): void {
  if (paths.includes(STDIN) && paths.length > 1)
    throw new UsageError('- for standard input must be alone, got other logs, too');
  for (const path of paths) {
    if (path === STDIN) continue;
    try {
      if (statSync(path).isDirectory()) throw new UsageError(`${path} must be a log, got a folder`);
      closeSync(openSync(path, 'r'));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`${path} cannot be read: ${reasonOf(error)}`);
    }
  }
}

/** The pieces of logs, oldest file first: `access.log.2.gz`, `access.log.1`, `access.log`. */
export async function* logPieces(paths: readonly string[], reading: LogReading): AsyncGenerator<Uint8Array> {
  for (const path of inOrder(paths)) {
    yield* path === STDIN ? piecesOf(process.stdin, reading) : filePieces(path, reading);
    // The last line of a file may have no end.
    yield NEW_LINE;
  }
}

const NEW_LINE = new Uint8Array([10]);

/** Rotated files come before those that were rotated later. */
function inOrder(paths: readonly string[]): readonly string[] {
  const ageOf = (path: string) => Number(/\.(\d+)(?:\.gz)?$/.exec(path)?.[1] ?? 0);
  return [...paths].sort((a, b) => ageOf(b) - ageOf(a));
}

async function* filePieces(path: string, reading: LogReading): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(path, { highWaterMark: 1 << 20 });
  try {
    if (!isPacked(path)) {
      yield* piecesOf(raw, reading);
      return;
    }
    // Counts what the file has, not what it unpacks to.
    raw.on('data', (piece) => void reading.onBytes(piece.length));
    const unpacked = raw.pipe(createGunzip());
    raw.on('error', (error) => unpacked.destroy(error));
    yield* piecesOf(unpacked, { ...reading, onBytes: () => reading.onBytes(0) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'Z_BUF_ERROR') throw new UsageError(`${path} cannot be read: ${code ?? message}`);
    reading.onNote(`${path} ends early: what was packed before counts`);
  } finally {
    raw.destroy();
  }
}

async function* piecesOf(
  stream: AsyncIterable<Uint8Array | string>,
  { signal, onBytes }: LogReading,
): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) {
    yield piece as Uint8Array;
    await onBytes(piece.length);
    if (signal.aborted) return;
  }
}

function isPacked(path: string): boolean {
  const start = Buffer.alloc(GZIP.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, start, 0, GZIP.length, 0);
  } finally {
    closeSync(file);
  }
  return GZIP.every((byte, i) => start[i] === byte);
}
