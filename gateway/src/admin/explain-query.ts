import { headerValue, token } from '../config/values.ts';
import type { ExplainQuery } from '../contracts.ts';
import { badRequest } from './admin-error.ts';
import { checked, INPUTS, queryInput } from './admin-input.ts';

/**
 * Reads the query of `explain`: `path=/a&host=shop.example&header=Name:value&header=...`. @throws AdminError
 * that lists each mistake
 */
export function explainQuery(query: URLSearchParams): ExplainQuery {
  const { header = [], ...rest } = checked(INPUTS.explain, queryInput(query, ['header']));
  return { ...rest, headers: headersOf(header) };
}

function headersOf(fields: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(0, colon)).toLowerCase();
    const value = field.slice(colon + 1).trim();
    if (!token.safeParse(name).success || !headerValue.safeParse(value).success) {
      throw badRequest(
        'header must be Name:value, a token (RFC 9110 section 5.6.2) and no control characters',
      );
    }
    const before = headers.get(name);
    // RFC 9110 section 5.3, and RFC 6265 section 5.4 for the one exception.
    headers.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  return Object.fromEntries(headers);
}
