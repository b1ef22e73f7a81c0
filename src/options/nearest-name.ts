// Finds the known name that is nearest to a misspelt one.

/** The nearest of some names; `undefined` if none is near enough. */
export function nearestName(written: string, names: Iterable<string>): string | undefined {
  const plain = plainName(written);
  let nearest: string | undefined;
  // A third of the letters may be wrong; a missing unit, as in `timeout` for `timeoutMs`, counts as near.
  let least = Math.max(1, Math.floor(plain.length / 3)) + 1;
  // A longer name is not a typing error, and would take long to compare.
  if (plain.length > 64) return undefined;
  for (const name of names) {
    const distance = distanceOf(plain, plainName(name));
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest ?? sameBeginning(plain, names);
}

/** `consecutive` for `consecutiveFailures`, or `added` for `add`. */
function sameBeginning(plain: string, names: Iterable<string>): string | undefined {
  for (const name of names) {
    const other = plainName(name);
    const [short, long] = other.length < plain.length ? [other, plain] : [plain, other];
    if (short.length >= 3 && long.startsWith(short)) return name;
  }
  return undefined;
}

/** `max_in_flight`, `max-in-flight` and `MaxInFlight` are one name. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '');
}

/** Letters to add, remove, replace or swap with their neighbour (Damerau-Levenshtein). */
function distanceOf(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1] as number[];
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1));
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) cost = Math.min(cost, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
