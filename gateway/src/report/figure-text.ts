// Figures of simulations as short text, the same in the terminal and on the page.

/** Milliseconds to three digits: `6.41`, `25.0`, `162`, `1,234`. */
export function milliseconds(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 1_000) return Math.round(value).toLocaleString('en');
  if (value >= 99.95) return value.toFixed(0);
  return value.toFixed(value >= 9.995 ? 1 : 2);
}

/** A share in percent, without the sign: `81.4`, `0.02`, `0`. */
export function percent(share: number): string {
  const value = 100 * share;
  if (!Number.isFinite(value)) return '-';
  if (value === 0 || value === 100) return String(value);
  if (value < 0.005) return '<0.01';
  if (value > 99.995) return '>99.99';
  return value.toFixed(value < 9.995 ? 2 : 1);
}

/** A ratio to three digits. */
export function ratio(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value >= 99.95 ? value.toFixed(0) : value.toFixed(value >= 9.995 ? 1 : 2);
}

/** A moment of the run: `850 ms`, `12.3 s`, `2 min 5 s`, `3 h 12 min`. */
export function moment(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 100) return `${minutes} min ${Math.round(seconds) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
