// Unpacks the numbers of the page's data; see `page-data.ts`.
import type { Packed } from '../page-data.ts';

/** The bytes of packed numbers. */
export function bytesOf(packed: Packed): Uint8Array {
  return Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
}

export const floatsOf = (packed: Packed): Float32Array => new Float32Array(bytesOf(packed).buffer);
export const shortsOf = (packed: Packed): Uint16Array => new Uint16Array(bytesOf(packed).buffer);
export const wordsOf = (packed: Packed): Uint32Array => new Uint32Array(bytesOf(packed).buffer);
