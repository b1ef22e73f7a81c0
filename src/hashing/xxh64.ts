// xxHash with 64 bits, on two 32-bit halves: BigInt takes ten times as long and leaves garbage.

import type { Utf8Text } from './utf8.ts';

/** The five primes, each as its high and its low half. */
const P1_HIGH = 0x9e3779b1 | 0;
const P1_LOW = 0x85ebca87 | 0;
const P2_HIGH = 0xc2b2ae3d | 0;
const P2_LOW = 0x27d4eb4f;
const P3_HIGH = 0x165667b1;
const P3_LOW = 0x9e3779f9 | 0;
const P4_HIGH = 0x85ebca77 | 0;
const P4_LOW = 0xc2b2ae63 | 0;
const P5_HIGH = 0x27d4eb2f;
const P5_LOW = 0x165667c5;

/** A number of 64 bits that is changed in place. The halves are signed, so that no runtime boxes them. */
class Word {
  high = 0;
  low = 0;

  set(high: number, low: number): this {
    this.high = high | 0;
    this.low = low | 0;
    return this;
  }

  add(high: number, low: number): this {
    const sum = (this.low + low) | 0;
    const carry = sum >>> 0 < low >>> 0 ? 1 : 0;
    this.high = (this.high + high + carry) | 0;
    this.low = sum;
    return this;
  }

  multiply(high: number, low: number): this {
    const mine = this.low;
    const mineLow = mine & 0xffff;
    const mineHigh = mine >>> 16;
    const otherLow = low & 0xffff;
    const otherHigh = low >>> 16;
    const middle = Math.imul(mineHigh, otherLow) + (Math.imul(mineLow, otherLow) >>> 16);
    const carry = (Math.imul(mineLow, otherHigh) + (middle & 0xffff)) >>> 16;
    const top = Math.imul(mineHigh, otherHigh) + (middle >>> 16) + carry;
    this.high = (Math.imul(this.high, low) + Math.imul(mine, high) + top) | 0;
    this.low = Math.imul(mine, low);
    return this;
  }

  /** @param by - from 1 to 31 */
  rotate(by: number): this {
    const { high, low } = this;
    this.high = (high << by) | (low >>> (32 - by));
    this.low = (low << by) | (high >>> (32 - by));
    return this;
  }

  xor(high: number, low: number): this {
    this.high ^= high;
    this.low ^= low;
    return this;
  }

  /** Mixes the upper bits into the lower ones. @param by - from 1 to 63 */
  fold(by: number): this {
    if (by >= 32) return this.xor(0, this.high >>> (by - 32));
    return this.xor(this.high >>> by, (this.low >>> by) | (this.high << (32 - by)));
  }
}

const hash = new Word();
const lane = new Word();
const lanes = [new Word(), new Word(), new Word(), new Word()] as const;
const LANE_ROTATIONS = [1, 7, 12, 18];

/**
 * The upper 32 bits of the 64-bit xxHash of a text with seed 0, as a signed integer. O(length).
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
export function xxh64High({ bytes, length }: Utf8Text): number {
  let at = 0;
  if (length < 32) hash.set(P5_HIGH, P5_LOW);
  else at = readStripes(bytes, length);
  hash.add(0, length);
  for (; at + 8 <= length; at += 8) {
    lane
      .set(wordAt(bytes, at + 4), wordAt(bytes, at))
      .multiply(P2_HIGH, P2_LOW)
      .rotate(31);
    lane.multiply(P1_HIGH, P1_LOW);
    hash.xor(lane.high, lane.low).rotate(27).multiply(P1_HIGH, P1_LOW).add(P4_HIGH, P4_LOW);
  }
  if (at + 4 <= length) {
    lane.set(0, wordAt(bytes, at)).multiply(P1_HIGH, P1_LOW);
    hash.xor(lane.high, lane.low).rotate(23).multiply(P2_HIGH, P2_LOW).add(P3_HIGH, P3_LOW);
    at += 4;
  }
  for (; at < length; at++) {
    lane.set(0, bytes[at] as number).multiply(P5_HIGH, P5_LOW);
    hash.xor(lane.high, lane.low).rotate(11).multiply(P1_HIGH, P1_LOW);
  }
  return hash.fold(33).multiply(P2_HIGH, P2_LOW).fold(29).multiply(P3_HIGH, P3_LOW).fold(32).high;
}

/** Hashes the stripes of 32 bytes; returns where the rest begins. */
function readStripes(bytes: Uint8Array, length: number): number {
  lanes[0].set(P1_HIGH, P1_LOW).add(P2_HIGH, P2_LOW);
  lanes[1].set(P2_HIGH, P2_LOW);
  lanes[2].set(0, 0);
  lanes[3].set(~P1_HIGH, ~P1_LOW).add(0, 1);
  let at = 0;
  for (; at + 32 <= length; at += 32) {
    for (let i = 0; i < 4; i++) {
      lane.set(wordAt(bytes, at + 8 * i + 4), wordAt(bytes, at + 8 * i)).multiply(P2_HIGH, P2_LOW);
      (lanes[i] as Word).add(lane.high, lane.low).rotate(31).multiply(P1_HIGH, P1_LOW);
    }
  }
  hash.set(0, 0);
  for (let i = 0; i < 4; i++) {
    const { high, low } = lanes[i] as Word;
    lane.set(high, low).rotate(LANE_ROTATIONS[i] as number);
    hash.add(lane.high, lane.low);
  }
  for (let i = 0; i < 4; i++) {
    const { high, low } = lanes[i] as Word;
    lane.set(high, low).multiply(P2_HIGH, P2_LOW).rotate(31).multiply(P1_HIGH, P1_LOW);
    hash.xor(lane.high, lane.low).multiply(P1_HIGH, P1_LOW).add(P4_HIGH, P4_LOW);
  }
  return at;
}

/** Four bytes, the lowest first. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
