import { z } from 'zod';

/** The longest delay that platform timers can hold; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Milliseconds above 0 that platform timers can hold. */
export const duration = z.number().positive().max(MAX_DELAY_MS);
/** The same, where 0 turns something off. */
export const durationOrOff = z.number().min(0).max(MAX_DELAY_MS);
export const port = z.int().min(0).max(65_535);
export const count = z.int().min(1);
export const ratio = z.number().min(0).max(1);
/** RFC 9110 section 5.6.2. */
export const token = z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be a token (RFC 9110 section 5.6.2)');
/** A header value: no control characters but the tab (RFC 9110 section 5.5). */
export const headerValue = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  .regex(/^[^\x00-\x08\x0a-\x1f\x7f]*$/, 'must have no control characters');
/** PEM text, or the path of a PEM file, relative to the configuration file. */
export const pem = z.string().min(1);
/** A secret as it is, from an environment variable, or from a file. */
export const secret = z.union([
  z.string().min(1),
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
]);
