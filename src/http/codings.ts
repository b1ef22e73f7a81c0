// Content codings that `fetch` undoes when it reads a body (RFC 9110 section 8.4).

/** The codings that every `fetch` decodes. */
const KNOWN_CODINGS = /^(?:x-)?gzip$|^deflate$|^br$/;

/** Codings of a body, in lower case and in order, without `identity`. @param header - `Content-Encoding` */
export function codingsOf(header: string | null): string[] {
  return (header ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
}

/** Whether every `fetch` decodes a coding; of any other it is not known whether it was undone. */
export function isDecoded(coding: string): boolean {
  return KNOWN_CODINGS.test(coding);
}
