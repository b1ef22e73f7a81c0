// Writes a report into a file: all of it, or nothing.
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../exit-code.ts';

/**
 * Checks, before a long run, that a report can be written.
 * @param option - the option that names the file
 * @throws UsageError that names the option and the file
 */
export function checkWritable(option: string, path: string): void {
  const full = resolve(path);
  const file = statSync(full, { throwIfNoEntry: false });
  if (path === '' || file?.isDirectory() === true)
    throw new UsageError(`${option} must name a file, got ${JSON.stringify(path)}`);
  try {
    accessSync(dirname(full), constants.W_OK);
    if (file !== undefined) accessSync(full, constants.W_OK);
  } catch {
    throw new UsageError(`${option} must name a file that can be written, got ${JSON.stringify(path)}`);
  }
}

/**
 * Writes a file under another name first, so that a full disk leaves the old file, or none.
 * @throws UsageError that names the file and the reason
 */
export function writeReport(path: string, text: string): void {
  const full = resolve(path);
  // Something like /dev/stdout cannot be replaced.
  if (statSync(full, { throwIfNoEntry: false })?.isFile() === false) {
    write(path, full, text);
    return;
  }
  const draft = `${full}.${process.pid}.part`;
  try {
    write(path, draft, text);
    renameSync(draft, full);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error instanceof UsageError ? error : cannotWrite(path, error);
  }
}

function write(path: string, file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): UsageError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason =
    code === 'ENOSPC' ? 'the disk is full' : code === 'EDQUOT' ? 'the quota is used up' : (code ?? message);
  return new UsageError(`${path} cannot be written: ${reason}`);
}
