import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** How a file is watched. */
export interface ConfigWatchOptions {
  /** Milliseconds between two looks. @defaultValue 1,000 */
  readonly intervalMs?: number;
  /** Other files that belong to the configuration now, such as certificates. @defaultValue none */
  readonly files?: () => readonly string[];
  /** Takes what `onChange` throws. @defaultValue a warning of the process */
  readonly onError?: (error: unknown) => void;
}

/** A watch over a file. */
export interface ConfigWatch {
  close(): void;
}

/**
 * Calls back when a file, or one that belongs to it, has become another and stays so for one interval: written in place, replaced by
 * another, or by way of a symbolic link, as Kubernetes does. It looks at size, times and identity again and again: unlike the
 * events of file systems, that works in containers and over the network. Calls never overlap. Keeps no process alive.
 * @param onChange - is called for a file that is gone, too
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
    // Those that belong to it only now may change before the next look.
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

/** @returns whether one of the files that were known is another now */
async function update(stamps: Map<string, string>, files: readonly string[]): Promise<boolean> {
  const now = await Promise.all(files.map(async (file) => [file, await stampOf(file)] as const));
  const hasMoved = now.some(([file, stamp]) => (stamps.get(file) ?? stamp) !== stamp);
  stamps.clear();
  for (const [file, stamp] of now) stamps.set(file, stamp);
  return hasMoved;
}

/** Links are followed, so that the stamp of what they lead to counts. */
async function stampOf(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(textOf, () => 'gone');
}

/** The first time without a gap in which a change would go unseen. */
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
