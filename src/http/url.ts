// Parses URLs without `URL.canParse`, which older pages and jsdom do not have.

/** The URL that a text stands for; `undefined` if it is none. */
export function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
