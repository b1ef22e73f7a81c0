import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where servers are installed, although not everybody's PATH says so. */
const MORE_PLACES = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The file of a program; `undefined` where it is not installed. */
export function fileOf(program: string): string | undefined {
  const places = [...(process.env.PATH ?? '').split(delimiter), ...MORE_PLACES];
  return places.map((place) => join(place, program)).find(isExecutable);
}

/** The first number with dots in what a program says of itself. */
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
