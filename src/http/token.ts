// Tokens: names of methods, headers, cookies and parameters (RFC 9110 section 5.6.2).

/** The token as a part of a larger expression, without flags. */
export const TOKEN_PATTERN = "[\\w!#$%&'*+.^`|~-]+";

/** A text that is one token and nothing else. */
export const TOKEN = new RegExp(`^${TOKEN_PATTERN}$`);

/** Whether a value is a token. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value);
}
