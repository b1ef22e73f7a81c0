/** Formats a value for an error message: short, on one line. Never throws. */
export function shown(value: unknown): string {
  let text: string | undefined;
  try {
    const isPlain = typeof value === 'string' || (typeof value === 'object' && value !== null);
    text = isPlain ? JSON.stringify(value) : String(value).replace(/\s+/g, ' ');
  } catch {
    // Circular structures, big integers or getters that throw.
  }
  text ??= `an unreadable ${typeof value}`;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
