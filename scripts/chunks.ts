// Divides modules into chunks that are smaller than the window of gzip.
import type { GetModuleInfo } from 'rollup';

/** The largest chunk, in bytes of its source without comments. gzip looks back 32 KiB. */
const MOST_BYTES = 28_000;

/**
 * The name of each module's chunk. Modules that the same entries need come together, so that an import loads
 * no more than it needs. Within such a group they are filled into chunks dependencies first, so that chunks
 * never import each other in a circle: modules do not, either.
 * @param entries - ids of the entries by name
 */
export function chunksOf(
  entries: ReadonlyMap<string, string>,
  getInfo: GetModuleInfo,
  bytesOf: (id: string) => number,
): Map<string, string> {
  const users = new Map<string, string[]>();
  const order: string[] = [];
  // What is loaded when it is needed is a group of its own, as an entry is.
  const lazy = new Set<string>();
  const roots = [...entries];
  for (const [name, entry] of roots) {
    const visit = (id: string): void => {
      const info = getInfo(id);
      if (info === null || info.isExternal) return;
      const known = users.get(id);
      if (known?.at(-1) === name) return;
      if (known === undefined) users.set(id, [name]);
      else known.push(name);
      for (const next of info.importedIds) visit(next);
      for (const next of info.dynamicallyImportedIds) {
        if (lazy.has(next)) continue;
        lazy.add(next);
        roots.push([`lazily ${next}`, next]);
      }
      if (known === undefined) order.push(id);
    };
    visit(entry);
  }
  const groups = new Map<string, string[]>();
  for (const id of order) {
    const key = (users.get(id) ?? []).join(' ');
    groups.set(key, [...(groups.get(key) ?? []), id]);
  }
  const chunks = new Map<string, string>();
  const mains = new Set(entries.values());
  let count = 0;
  for (const ids of groups.values()) {
    let filled = Number.POSITIVE_INFINITY;
    for (const id of ids) {
      // An entry is a chunk of its own name.
      if (mains.has(id)) continue;
      if (filled + bytesOf(id) > MOST_BYTES) {
        count++;
        filled = 0;
      }
      filled += bytesOf(id);
      chunks.set(id, `part-${String(count).padStart(2, '0')}`);
    }
  }
  return chunks;
}
