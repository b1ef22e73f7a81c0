import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exp, log, pow } from '../src/elementary-functions.ts';

// Fixed-point arithmetic with 160 binary digits after the point: the yardstick, slow and right.
const DIGITS = 160n;
const ONE = 1n << DIGITS;
const times = (a: bigint, b: bigint) => (a * b) >> DIGITS;

/** A number as a fraction m * 2^e with an integer m. */
function partsOf(x: number): [m: bigint, e: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const word = view.getBigUint64(0);
  const exponent = Number((word >> 52n) & 0x7ffn);
  const digits = word & ((1n << 52n) - 1n);
  const m = exponent === 0 ? digits : digits | (1n << 52n);
  return [x < 0 ? -m : m, Math.max(exponent, 1) - 1_075];
}

function shifted(m: bigint, e: number): bigint {
  return e >= 0 ? m << BigInt(e) : m >> BigInt(-e);
}

/** e^x for x below 1, by its series. */
function seriesOfExp(x: bigint): bigint {
  let sum = ONE;
  for (let term = ONE, n = 1n; term !== 0n && term !== -1n; n++) {
    term = times(term, x) / n;
    sum += term;
  }
  return sum;
}

/** log(1 + f) = 2 artanh(f / (2 + f)). */
function logOfOnePlus(f: bigint): bigint {
  const s = (f << DIGITS) / (2n * ONE + f);
  const s2 = times(s, s);
  let sum = 0n;
  for (let term = s, n = 1n; term !== 0n && term !== -1n; n += 2n) {
    sum += term / n;
    term = times(term, s2);
  }
  return 2n * sum;
}
const LN2 = logOfOnePlus(ONE);

function exactLog(x: number): bigint {
  const [m, e] = partsOf(x);
  const length = m.toString(2).length;
  return logOfOnePlus(shifted(m, Number(DIGITS) - length + 1) - ONE) + BigInt(e + length - 1) * LN2;
}

/** A value m / 2^DIGITS * 2^k. */
interface Exact {
  readonly m: bigint;
  readonly k: number;
}

function exactExp(x: bigint): Exact {
  const k = x / LN2;
  return { m: seriesOfExp(x - k * LN2), k: Number(k) };
}

/** By how many units in its last place a result is wrong. */
function unitsOff(result: number, { m, k }: Exact): number {
  const [digits, e] = partsOf(result);
  // Both in units of 2^(e - 64).
  const difference = (digits << 64n) - shifted(m, k - Number(DIGITS) - e + 64);
  return Math.abs(Number(difference)) / 2 ** 64;
}

/** The whole range of positive numbers, each exponent as likely. */
const positive = fc
  .tuple(fc.integer({ min: 1, max: 2_046 }), fc.bigInt({ min: 0n, max: (1n << 52n) - 1n }))
  .map(([exponent, digits]) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, (BigInt(exponent) << 52n) | digits);
    return view.getFloat64(0);
  });
const nearOne = fc.double({ min: 0.5, max: 2, noNaN: true });
const RUNS = { numRuns: 3_000 };
const exactly = (x: number) => {
  const [m, e] = partsOf(x);
  return shifted(m, e + Number(DIGITS));
};

describe('log, exp and pow', () => {
  it('have an error of less than one unit in the last place', () => {
    const worst = { log: 0, exp: 0, pow: 0 };
    const note = (name: keyof typeof worst, units: number) => {
      worst[name] = Math.max(worst[name], units);
    };
    fc.assert(
      fc.property(fc.oneof(positive, nearOne), (x) => {
        note('log', unitsOff(log(x), { m: exactLog(x), k: 0 }));
      }),
      RUNS,
    );
    fc.assert(
      fc.property(fc.double({ min: -708, max: 709, noNaN: true }), (x) => {
        note('exp', unitsOff(exp(x), exactExp(exactly(x))));
      }),
      RUNS,
    );
    fc.assert(
      fc.property(
        fc.oneof(positive, nearOne),
        fc.double({ min: -300, max: 300, noNaN: true }),
        (base, exponent) => {
          const [m, e] = partsOf(exponent);
          const power = shifted(exactLog(base) * m, e);
          const result = pow(base, exponent);
          const limit = 707n * ONE;
          if (power < limit && power > -limit) note('pow', unitsOff(result, exactExp(power)));
          else if (power > 710n * ONE) expect(result).toBe(Number.POSITIVE_INFINITY);
          else if (power < -746n * ONE) expect(result).toBe(0);
        },
      ),
      RUNS,
    );
    for (const [name, units] of Object.entries(worst)) expect(units, name).toBeLessThan(1);
    // The yardstick measures something.
    expect(Math.min(worst.log, worst.exp, worst.pow)).toBeGreaterThan(0.4);
  });

  it('agree with the platform within one unit where a result is below the least normal number', () => {
    for (const x of [-708.5, -720.25, -744, -745])
      expect(Math.abs(exp(x) - Math.exp(x))).toBeLessThan(1e-323);
    expect(pow(2, -1_074)).toBe(5e-324);
    expect(log(5e-324)).toBeCloseTo(-744.4400719213812, 12);
  });

  it('are exact where the platform is', () => {
    for (let n = -1_022; n <= 1_023; n++) expect(pow(2, n)).toBe(2 ** n);
    expect([pow(3, 2), pow(10, 15), pow(9, 0.5)]).toEqual([9, 1e15, 3]);
    expect([log(1), exp(0), pow(7, 0), pow(1, 1e300), pow(5, 1)]).toEqual([0, 1, 1, 1, 5]);
  });

  it.each<[string, number, number]>([
    ['log(0)', log(0), Number.NEGATIVE_INFINITY],
    ['log(-1)', log(-1), Number.NaN],
    ['log(Infinity)', log(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY],
    ['log(NaN)', log(Number.NaN), Number.NaN],
    ['exp(1000)', exp(1_000), Number.POSITIVE_INFINITY],
    ['exp(-1000)', exp(-1_000), 0],
    ['exp(-Infinity)', exp(Number.NEGATIVE_INFINITY), 0],
    ['exp(NaN)', exp(Number.NaN), Number.NaN],
    ['pow(0, 2)', pow(0, 2), 0],
    ['pow(0, -2)', pow(0, -2), Number.POSITIVE_INFINITY],
    ['pow(-8, 2)', pow(-8, 2), Number.NaN],
    ['pow(2, NaN)', pow(2, Number.NaN), Number.NaN],
    ['pow(Infinity, -1)', pow(Number.POSITIVE_INFINITY, -1), 0],
    ['pow(2, Infinity)', pow(2, Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY],
    ['pow(0.5, 1e300)', pow(0.5, 1e300), 0],
    ['pow(0.5, -1e300)', pow(0.5, -1e300), Number.POSITIVE_INFINITY],
    ['pow(1e-320, 0.5)', pow(1e-320, 0.5), 9.99994433575849e-161],
  ])('%s', (_, result, expected) => {
    expect(result).toBe(expected);
  });
});
