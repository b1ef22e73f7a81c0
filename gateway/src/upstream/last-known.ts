// The file of the last run: the backends that a source told of last.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DiscoveredBackend } from 'evenkeel/discovery';

/** @returns none if there is no such file, or nothing of use in it */
export function readLastKnown(path: string): readonly DiscoveredBackend[] {
  try {
    const backends: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(backends) ? backends : [];
  } catch {
    return [];
  }
}

/** Replaces the file in one step. @throws Error if it cannot be written */
export function writeLastKnown(path: string, backends: readonly DiscoveredBackend[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, JSON.stringify(backends));
  renameSync(`${path}.${process.pid}`, path);
}
