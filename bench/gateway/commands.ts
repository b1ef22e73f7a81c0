// Finds installed programs and their versions.

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders of servers, which are not in every user's PATH. */
const MORE_PLACES = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The file of a program; `undefined` if it is not installed. */
export function fileOf(program: string): string | undefined {
  const places = [...(process.env.PATH ?? '').split(delimiter), ...MORE_PLACES];
  return places.map((place) => join(place, program)).find(isExecutable);
}

/** The version in the output of a program: the first number with dots. */
export function versionOf(file: string): string {
  const { stdout, stderr } = spawnSync(file, ['-v'], { encoding: 'utf8' });
  return /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? 'of unknown version';
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
