// Logarithm, exponential and power that give the same bits on every runtime. `Math.log`, `Math.exp` and
// `Math.pow` may differ in their last bit from one engine and version to the next, and a simulation magnifies
// any difference. These use IEEE arithmetic alone, which is the same everywhere.
//
// The method is the one published with fdlibm (Sun Microsystems, 1993): reduce the argument to a small range,
// evaluate a minimax polynomial there, and scale by a power of two, which is exact.

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const TWO_54 = 18_014_398_509_481_984;
const LEAST_NORMAL = 2.2250738585072014e-308;

/** One number, as a whole and as its two words: several times as fast as a `DataView`. */
const whole = new Float64Array(1);
const words = new Int32Array(whole.buffer);
/** Where the upper word is: at 1 where bytes are in little-endian order. */
const UPPER = new Uint8Array(new Uint16Array([1]).buffer)[0] as 0 | 1;
const LOWER = 1 - UPPER;

/** The number whose upper 32 bits are given, with lower ones of 0. */
function fromHighWord(high: number): number {
  words[UPPER] = high;
  words[LOWER] = 0;
  return whole[0] as number;
}

function highWordOf(x: number): number {
  whole[0] = x;
  return words[UPPER] as number;
}

/** The number with another upper word: the exponent changes, all digits stay. */
function withHighWord(x: number, high: number): number {
  whole[0] = x;
  words[UPPER] = high;
  return whole[0] as number;
}

/** The number with its lower 32 bits set to 0, so that products of two such numbers are exact. */
function upperHalf(x: number): number {
  whole[0] = x;
  words[LOWER] = 0;
  return whole[0] as number;
}

/** `x * 2^k`, exact unless the result is below the least normal number. `k` is from -2,000 to 2,000. */
function scaled(x: number, k: number): number {
  if (k > 1_023) return scaled(x * 8.98846567431158e307, k - 1_023);
  if (k < -1_022) return scaled(x * LEAST_NORMAL, k + 1_022);
  return x * fromHighWord((k + 1_023) << 20);
}

/**
 * The natural logarithm, with an error of less than one unit in the last place.
 * @returns -Infinity for 0, NaN below it
 */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = 0;
  if (x < LEAST_NORMAL) {
    k = -54;
    x *= TWO_54;
  }
  // x = 2^k * (1 + f), with 1 + f between the square roots of 1/2 and 2.
  const high = highWordOf(x);
  const mantissa = high & 0xfffff;
  const half = (mantissa + 0x95f64) & 0x100000;
  k += (high >> 20) - 1_023 + (half >> 20);
  const f = withHighWord(x, mantissa | (half ^ 0x3ff00000)) - 1;
  // log(1 + f) = f - f^2/2 + s * (f^2/2 + R), with s = f / (2 + f) and R a polynomial in s^2.
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd =
    z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const halfSquare = 0.5 * f * f;
  return k * LN2_HIGH - (halfSquare - (s * (halfSquare + even + odd) + k * LN2_LOW) - f);
}

/** The exponential function, with an error of less than one unit in the last place. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019411) return 0;
  // x = k * ln 2 + r, with r of at most ln 2 / 2, held in two parts.
  const k = Math.round(x * Math.LOG2E);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const rest = remainderOf(r);
  return scaled(1 - (low - (r * rest) / (2 - rest) - high), k);
}

/** `r - r * (e^r + 1) / (e^r - 1) + 2`, a polynomial in r^2, for r of at most ln 2 / 2. */
function remainderOf(r: number): number {
  const t = r * r;
  return (
    r -
    t *
      (0.16666666666666602 +
        t *
          (-0.0027777777777015593 +
            t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))))
  );
}

/**
 * A power of a number of at least 0, with an error of less than one unit in the last place: the logarithm to
 * the base 2 is held in two parts, as its error is multiplied by the exponent.
 * @returns NaN for a negative base
 */
export function pow(base: number, exponent: number): number {
  if (exponent === 0 || base === 1) return 1;
  if (!(base > 0) || Number.isNaN(exponent)) return base === 0 ? powerOfZero(exponent) : Number.NaN;
  if (base === Number.POSITIVE_INFINITY) return exponent > 0 ? base : 0;
  if (Math.abs(exponent) > 2 ** 64) return exponent > 0 === base > 1 ? Number.POSITIVE_INFINITY : 0;
  let n = 0;
  if (base < LEAST_NORMAL) {
    base *= TWO_54;
    n = -54;
  }
  const high = highWordOf(base);
  const mantissa = high & 0xfffff;
  n += (high >> 20) - 1_023;
  // base = 2^n * x, with x next to c, which is 1 or 1.5.
  let c = 1;
  let log2OfC = 0;
  let log2OfCLow = 0;
  let x = withHighWord(base, mantissa | 0x3ff00000);
  if (mantissa > 0xbb67a - 1) {
    n++;
    x *= 0.5;
  } else if (mantissa > 0x3988e) {
    c = 1.5;
    log2OfC = 0.5849624872207642;
    log2OfCLow = 1.350039202129749e-8;
  }
  // s = (x - c) / (x + c), in two parts; log(x / c) = 2s + 2/3 s^3 + ...
  const u = x - c;
  const v = 1 / (x + c);
  const s = u * v;
  const sHigh = upperHalf(s);
  const sumHigh = upperHalf(x + c);
  const sumLow = x - (sumHigh - c);
  const sLow = v * (u - sHigh * sumHigh - sHigh * sumLow);
  const s2 = s * s;
  const tail =
    s2 *
      s2 *
      (0.5999999999999946 +
        s2 *
          (0.4285714285785502 +
            s2 *
              (0.33333332981837743 +
                s2 * (0.272728123808534 + s2 * (0.23066074577556175 + s2 * 0.20697501780033842))))) +
    sLow * (sHigh + s);
  const cubeHigh = sHigh * sHigh;
  const tHigh = upperHalf(3 + cubeHigh + tail);
  const tLow = tail - (tHigh - 3 - cubeHigh);
  const productHigh = sHigh * tHigh;
  const productLow = sLow * tHigh + tLow * s;
  const pHigh = upperHalf(productHigh + productLow);
  const pLow = productLow - (pHigh - productHigh);
  // Times 2 / (3 ln 2), in two parts.
  const zHigh = 0.9617967009544373 * pHigh;
  const zLow = -7.028461650952758e-9 * pHigh + pLow * 0.9617966939259756 + log2OfCLow;
  const logHigh = upperHalf(zHigh + zLow + log2OfC + n);
  const logLow = zLow - (logHigh - n - log2OfC - zHigh);
  // exponent * log2(base), in two parts.
  const exponentHigh = upperHalf(exponent);
  const low = (exponent - exponentHigh) * logHigh + exponent * logLow;
  const main = exponentHigh * logHigh;
  if (low + main >= 1_024.0000001) return Number.POSITIVE_INFINITY;
  if (low + main <= -1_075.0000001) return 0;
  return powerOfTwo(main, low);
}

/** `2 ^ (high + low)`, where `low` is small. */
function powerOfTwo(high: number, low: number): number {
  const k = Math.round(high + low);
  const main = high - k;
  const t = upperHalf(low + main);
  const u = t * 0.6931471824645996;
  const v = (low - (t - main)) * Math.LN2 + t * -1.904654299957768e-9;
  const z = u + v;
  const w = v - (z - u);
  const r = remainderOf(z);
  return scaled(1 - ((z * r) / (r - 2) - (w + z * w) - z), k);
}

function powerOfZero(exponent: number): number {
  return exponent > 0 ? 0 : Number.POSITIVE_INFINITY;
}
