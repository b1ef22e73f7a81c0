/** A value as an error message shows it: short, on one line, and never throwing itself. */
export function shown(value: unknown): string {
  let text: string | undefined;
  try {
    const isPlain = typeof value === 'string' || (typeof value === 'object' && value !== null);
    text = isPlain ? JSON.stringify(value) : String(value).replace(/\s+/g, ' ');
  } catch {
    // Rings, big integers, throwing getters.
  }
  text ??= `an unreadable ${typeof value}`;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
