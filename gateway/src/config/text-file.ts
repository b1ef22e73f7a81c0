import { closeSync, openSync, readSync, statSync } from 'node:fs';

/**
 * Reads a small text file.
 * @param limitBytes - the largest size
 * @throws Error with a message that follows the name of the file: `cannot be read: ...`
 */
export function readTextFile(path: string, limitBytes: number): string {
  const bytes = readBytes(path, limitBytes);
  if (bytes.length > limitBytes) throw new Error(`must have at most ${limitBytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('must be text in UTF-8');
  }
}

function readBytes(path: string, limitBytes: number): Buffer {
  let file: number | undefined;
  try {
    // Checked before it is opened: opening a pipe would wait for a writer.
    if (!statSync(path).isFile()) throw new Error('it is not a file');
    file = openSync(path, 'r');
    const buffer = Buffer.alloc(limitBytes + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < buffer.length; length += read) {
      read = readSync(file, buffer, length, buffer.length - length, null);
    }
    return buffer.subarray(0, length);
  } catch (error) {
    throw new Error(`cannot be read: ${reasonOf(error)}`, { cause: error });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Why a file cannot be read, without its path: that may be a misplaced secret. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    default:
      return code ?? message;
  }
}
