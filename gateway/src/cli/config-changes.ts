// Says in words what changed from one configuration to another, for the log.
import { isDeepStrictEqual } from 'node:util';

/** The most changes that are listed. */
const MAX_CHANGES = 20;

/**
 * The changes between two configurations: one phrase for each setting, without values, which may be secrets.
 */
export function configChanges(before: object, after: object): string[] {
  const changes = changesAt('', before, after);
  const rest = changes.length - MAX_CHANGES;
  return rest > 0 ? [...changes.slice(0, MAX_CHANGES), `${rest} more`] : changes;
}

function changesAt(path: string, before: unknown, after: unknown): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return changesInList(path, before, after);
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => changesAt(path === '' ? key : `${path}.${key}`, before[key], after[key]));
  }
  if (before === undefined) return [`${path} was added`];
  return [after === undefined ? `${path} was removed` : `${path} was changed`];
}

function changesInList(path: string, before: unknown[], after: unknown[]): string[] {
  if (path.endsWith('.backends')) return changesInBackends(path, before, after);
  if (before.length !== after.length) return [`${path} has ${after.length} entries (was ${before.length})`];
  return after.flatMap((entry, i) => changesAt(`${path}[${i}]`, before[i], entry));
}

/** Backends are compared by id; their order does not count. */
function changesInBackends(path: string, before: unknown[], after: unknown[]): string[] {
  const [old, next] = [byName(before), byName(after)];
  return [...new Set([...old.keys(), ...next.keys()])].flatMap((name) =>
    changesAt(`${path} ${name}`, old.get(name), next.get(name)),
  );
}

function byName(entries: unknown[]): Map<string, unknown> {
  return new Map(
    entries.map((entry) => {
      const { id, url } = isObject(entry) ? entry : { id: undefined, url: entry };
      return [String(id ?? url), entry];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
