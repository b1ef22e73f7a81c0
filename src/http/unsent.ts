// Recognises errors after which it is certain that nothing was sent.

import { isError } from '../errors.ts';

/**
 * Codes of errors before the first byte: no connection, or the host name was not found. Node and Bun set
 * them.
 */
const CODES = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Deno sets no codes, but this message. */
const NO_CONNECTION = /client error \(Connect\)/;

/**
 * Whether it is certain that nothing was sent. If several addresses were tried, none of them was sent
 * anything.
 */
export function isUnsent(error: unknown): boolean {
  if (!isError(error)) return false;
  if (isAggregate(error)) return error.errors.every(isUnsent);
  if (CODES.has((error as { code?: string }).code ?? '') || NO_CONNECTION.test(error.message)) return true;
  return error.cause !== undefined && isUnsent(error.cause);
}

/** Whether an error stands for several, such as one for each address of a host. */
export function isAggregate(error: Error): error is AggregateError {
  const { errors } = error as { errors?: unknown };
  return Array.isArray(errors) && errors.length > 0;
}
