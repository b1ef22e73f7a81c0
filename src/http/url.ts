// Parses URLs without `URL.canParse`, which older pages and jsdom do not have.

/** Parses a URL; `undefined` if the text is not one. */
export function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
