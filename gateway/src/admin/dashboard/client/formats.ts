// Numbers and times for people; what is not known is a dash.

const UNKNOWN = '–';
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const dateAndTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const TIME_UNITS: readonly [seconds: number, unit: string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** With two digits after the point at most. */
export function number(value: number): string {
  return hundredths.format(value);
}

/** `12,345`, from 100,000 on `1.2M`. */
export function count(value: number): string {
  return (value < 100_000 ? whole : compact).format(value);
}

/** `1 key`, `2 keys`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return UNKNOWN;
  return perSecond > 0 && perSecond < 10 ? tenths.format(perSecond) : count(perSecond);
}

/** @param share - 0 to 1 */
export function percent(share: number | undefined): string {
  if (share === undefined || Number.isNaN(share)) return UNKNOWN;
  if (share > 0 && share < 0.0001) return '< 0.01 %';
  const isWhole = share === 0 || share >= 1;
  const format = isWhole ? whole : share < 0.01 ? hundredths : tenths;
  return `${format.format(share * 100)} %`;
}

export function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN;
  if (ms >= 9_995) return `${tenths.format(ms / 1_000)} s`;
  if (ms >= 999.5) return `${hundredths.format(ms / 1_000)} s`;
  return `${ms < 9.95 ? tenths.format(ms) : whole.format(ms)} ms`;
}

/** The two largest units: `3 d 4 h`, `12 min 5 s`. */
export function duration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1_000));
  const first = TIME_UNITS.findIndex(([size]) => rest >= size);
  if (first < 0) return '0 s';
  const parts = TIME_UNITS.slice(first, first + 2).map(([size, unit]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return amount === 0 ? '' : `${amount} ${unit}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}

export function bytes(amount: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(Math.max(1, amount)) / 3));
  const value = amount / 1_000 ** power;
  return `${(power > 0 && value < 100 ? tenths : whole).format(value)} ${BYTE_UNITS[power]}`;
}

/** The time of day; with the date unless that is today. */
export function moment(at: number): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return (isToday ? time : dateAndTime).format(at);
}
