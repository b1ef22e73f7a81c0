// The keys and backends of the benchmark.

/** Distinct keys in every measurement. */
export const KEY_COUNT = 100_000;
export const SHORTEST_KEY = 20;
export const LONGEST_KEY = 40;
/** Points a backend, for evenkeel and for the peers. */
export const POINTS = 160;

const KINDS = ['/products/', '/users/', '/images/', '/sessions/'];
const DIGITS = 36;

/** The keys: the same in every process, all different, of 20 to 40 characters. */
export function makeKeys(): string[] {
  return Array.from({ length: KEY_COUNT }, (_, i) => {
    const next = numbers(i + 1);
    const length = SHORTEST_KEY + (next() % (LONGEST_KEY - SHORTEST_KEY + 1));
    let key = `${KINDS[i % KINDS.length]}${i.toString(DIGITS)}/`;
    while (key.length < length) key += (next() % DIGITS).toString(DIGITS);
    // Converted to bytes and back: a concatenated string would be flattened by the first contender that reads
    // it.
    return Buffer.from(key, 'latin1').toString('latin1');
  });
}

/** A backend as a pool entry. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `n` backends. */
export function makePool(n: number): Address[] {
  return Array.from({ length: n }, (_, i) => ({ host: `10.0.${i >> 8}.${i & 255}`, port: 8080 }));
}

/** The same backends in the form of the peers. */
export function makeServers(n: number): string[] {
  return makePool(n).map(({ host, port }) => `${host}:${port}`);
}

/** The entries in a pseudo-random order; equal seeds give equal orders, 0 keeps the given order. */
export function shuffled<T>(entries: readonly T[], seed: number): T[] {
  const result = [...entries];
  if (seed === 0) return result;
  const next = numbers(seed);
  for (let i = result.length - 1; i > 0; i--) {
    const other = next() % (i + 1);
    [result[i], result[other]] = [result[other] as T, result[i] as T];
  }
  return result;
}

/** Pseudo-random 24-bit integers, the same ones for equal seeds. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 0x915f77f5) + 1) | 0;
    // The low bits of such a generator repeat early.
    return (state >>> 8) ^ (state >>> 20);
  };
}
