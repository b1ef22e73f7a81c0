// Watches the files of a configuration for changes.
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** How a file is watched. */
export interface ConfigWatchOptions {
  /** Milliseconds between two checks. @defaultValue 1,000 */
  readonly intervalMs?: number;
  /** Further files that the configuration names now, such as certificates. @defaultValue none */
  readonly files?: () => readonly string[];
  /** Called with an error that `onChange` throws. @defaultValue a warning of the process */
  readonly onError?: (error: unknown) => void;
}

/** A watch over a file. */
export interface ConfigWatch {
  close(): void;
}

/**
 * Calls back when a file of the configuration has changed and then stays the same for one interval: written
 * in place, replaced, or switched by a symbolic link, as Kubernetes does. It polls size, times and identity:
 * unlike file system events, that works in containers and over the network. Calls never overlap. It keeps no
 * process alive.
 * @param onChange - also called when a file is gone
 */
export function watchConfigFile(
  path: string,
  onChange: () => unknown,
  { intervalMs = 1_000, files = () => [], onError = warn }: ConfigWatchOptions = {},
): ConfigWatch {
  const full = resolve(path);
  const stamps = new Map<string, string>([full, ...files()].map((file) => [file, stampNow(file)]));
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isUnsettled = false;

  const look = async (): Promise<void> => {
    const hasMoved = await update(stamps, [full, ...files()]);
    if (isClosed) return;
    const isDue = isUnsettled && !hasMoved;
    isUnsettled = hasMoved;
    if (!isDue) return;
    await onChange();
    // Files that are new in the list may change before the next check.
    for (const file of files()) if (!stamps.has(file)) stamps.set(file, stampNow(file));
  };
  const next = (): void => {
    if (isClosed) return;
    timer = setTimeout(() => void look().catch(onError).then(next), intervalMs);
    timer.unref();
  };
  next();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

/** @returns whether one of the known files has changed */
async function update(stamps: Map<string, string>, files: readonly string[]): Promise<boolean> {
  const now = await Promise.all(files.map(async (file) => [file, await stampOf(file)] as const));
  const hasMoved = now.some(([file, stamp]) => (stamps.get(file) ?? stamp) !== stamp);
  stamps.clear();
  for (const [file, stamp] of now) stamps.set(file, stamp);
  return hasMoved;
}

/** Follows links, so that a change of their target counts. */
async function stampOf(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(textOf, () => 'gone');
}

/** The first stamps are taken at once, so that no change is missed. */
function stampNow(file: string): string {
  try {
    return textOf(statSync(file, { bigint: true }));
  } catch {
    return 'gone';
  }
}

function textOf({
  dev,
  ino,
  size,
  mtimeNs,
  ctimeNs,
}: Record<'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs', bigint>): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
