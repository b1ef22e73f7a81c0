// Numbers that were written with units, as in files of other proxies: `5s`, `10MB`. Settings name their unit.

const TIMES: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, min: 6e4, h: 36e5, d: 864e5 };
const SIZES: Readonly<Record<string, number>> = { k: 1_024, m: 1_048_576, g: 1_073_741_824 };

/**
 * The number that a text with a unit stands for.
 * @param name - of the setting, which ends in its unit
 * @returns `undefined` if it is none
 */
export function inUnitOf(name: string, text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim()) ?? [];
  const lower = unit.toLowerCase();
  const factor =
    lower === ''
      ? 1
      : name.endsWith('Ms')
        ? TIMES[lower]
        : name.endsWith('Bytes')
          ? SIZES[lower.replace(/i?b$/, '')]
          : undefined;
  const value = factor === undefined ? Number.NaN : Number(digits) * factor;
  return Number.isSafeInteger(value) ? value : undefined;
}
