// What each octet may be part of (RFC 9110 section 5.6, RFC 3986), as tables of 256 entries: a parser asks
// for every byte that it reads.

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SP = 32;
export const COMMA = 44;
export const COLON = 58;
export const SEMICOLON = 59;

/** A `Buffer`, with a method of Node that its types leave out; it is faster than `toString`. */
export type Bytes = Buffer & { latin1Slice(from: number, to: number): string };

const tableOf = (entryOf: (octet: number) => number) =>
  Uint8Array.from({ length: 256 }, (_, octet) => entryOf(octet));
const charsOf = (text: string) => new Set([...text].map((char) => char.charCodeAt(0)));

const isDigit = (octet: number) => octet >= 48 && octet <= 57;
const isUpper = (octet: number) => octet >= 65 && octet <= 90;
const isLower = (octet: number) => octet >= 97 && octet <= 122;
const MARKS = charsOf("!#$%&'*+-.^_`|~");
const isTokenChar = (octet: number) => isDigit(octet) || isUpper(octet) || isLower(octet) || MARKS.has(octet);

/**
 * 0 for what is no character of a token (RFC 9110 section 5.6.2); otherwise the character with letters in
 * lower case, and with `-` for `_`.
 */
export const NAME = tableOf((octet) => {
  if (!isTokenChar(octet)) return 0;
  if (octet === 95) return 45;
  return isUpper(octet) ? octet + 32 : octet;
});

/**
 * 1 for the characters of a method. Methods are tokens and case-sensitive (RFC 9110 section 9.1); but a
 * letter in lower case is refused, as servers differ in whether `head` is `HEAD`, which has another framing.
 */
export const METHOD = tableOf((octet) => (isTokenChar(octet) && !isLower(octet) ? 1 : 0));

/** 1 for what a request target may contain: visible ASCII (RFC 9112 section 3.2 allows even less). */
export const TARGET = tableOf((octet) => (octet > SP && octet < 127 ? 1 : 0));

/** 1 for what a field value, a reason phrase or a chunk extension may contain (RFC 9110 section 5.5). */
export const VALUE = tableOf((octet) => (octet === TAB || (octet >= SP && octet !== 127) ? 1 : 0));

/** The value of a hexadecimal digit; 255 for what is none. */
export const HEX = tableOf((octet) => {
  if (isDigit(octet)) return octet - 48;
  const lower = octet | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : 255;
});

/** Whether bytes are a word, in whatever case. @param word - in lower case, of letters, digits and hyphens */
export function isWord(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let index = 0; index < word.length; index++) {
    const octet = bytes[from + index] as number;
    if ((isUpper(octet) ? octet + 32 : octet) !== word.charCodeAt(index)) return false;
  }
  return true;
}

const ANY_DIGIT = 0;

/** A text whose places {@link fits} compares. @param text - with `d` for any digit */
export function patternOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => (char === 'd' ? ANY_DIGIT : char.charCodeAt(0)));
}

/** Whether an octet is what stands at a place of a pattern. */
export function fits(octet: number, pattern: Uint8Array, index: number): boolean {
  const wanted = pattern[index];
  return wanted === ANY_DIGIT ? isDigit(octet) : octet === wanted;
}
