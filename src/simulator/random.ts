// Seeded chance: named streams, so that no contender changes what another one is given. Equal seeds give
// equal numbers on every runtime.
import { log, pow } from '../elementary-functions.ts';

/** A number from 0 up to, but not including, 1. */
export type Random = () => number;

/**
 * A seeded random source (mulberry32). Different names give other parts of one sequence of 2^32 numbers,
 * which does where few are drawn.
 */
export function seededRandom(seed: number, name: string): Random {
  let state = stateOf(seed, name);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function stateOf(seed: number, name: string): number {
  let state = seed | 0;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x9e3779b1);
  return state;
}

/**
 * A seeded random source (sfc32) with a state of 128 bits, for as many numbers as one likes: different names
 * give sequences that have nothing to do with each other.
 */
export function seededStream(seed: number, name: string): Random {
  let state = stateOf(seed, name);
  const word = () => {
    state = (state + 0x9e3779b9) | 0;
    let t = state ^ (state >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) | 0;
  };
  let a = word();
  let b = word() ^ seed;
  let c = word();
  let counter = word();
  return () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
}

/** A waiting time between events that come independently of each other. */
export function exponential(random: Random, mean: number): number {
  return -mean * log(1 - random());
}

/** One of several, each as likely. */
export function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

/**
 * Ranks from 0 on, the k-th as likely as `1 / (k + 1) ^ exponent`. Expected O(1) for each, O(count) at first.
 */
export function zipf(random: Random, count: number, exponent: number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) sums[rank] = sum += pow(rank + 1, -exponent);
  // The first rank of each of many equal parts: from there it is a step or two.
  const firsts = new Uint32Array(count);
  for (let part = 0, rank = 0; part < count; part++) {
    while ((sums[rank] as number) <= (part / count) * sum && rank < count - 1) rank++;
    firsts[part] = rank;
  }
  return () => {
    const uniform = random();
    let rank = firsts[Math.floor(uniform * count)] as number;
    while ((sums[rank] as number) <= uniform * sum && rank < count - 1) rank++;
    return rank;
  };
}
