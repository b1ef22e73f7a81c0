// Content codings that `fetch` decodes when it reads a body (RFC 9110 section 8.4).

/** The codings that every `fetch` decodes. */
const KNOWN_CODINGS = /^(?:x-)?gzip$|^deflate$|^br$/;

/**
 * The codings of a body, in lower case and in order, without `identity`.
 * @param header - value of `Content-Encoding`
 */
export function codingsOf(header: string | null): string[] {
  return (header ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
}

/** Whether every `fetch` decodes a coding. Some platforms decode further codings. */
export function isDecoded(coding: string): boolean {
  return KNOWN_CODINGS.test(coding);
}
