// Tokens: names of methods, headers, cookies and parameters (RFC 9110 section 5.6.2).

/** The pattern of a token, to be used in a larger expression. */
export const TOKEN_PATTERN = "[\\w!#$%&'*+.^`|~-]+";

/** Matches a text that is one token. */
export const TOKEN = new RegExp(`^${TOKEN_PATTERN}$`);

/** Whether a value is a token. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value);
}
