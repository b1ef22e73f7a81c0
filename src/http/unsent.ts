/** Codes of errors that come before the first byte: no connection, no name. Node and Bun have them. */
const CODES = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** What Deno says in their place. */
const NO_CONNECTION = /client error \(Connect\)/;

/** Whether it is sure that nothing was sent. Where several addresses were tried, all of them must say so. */
export function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isUnsent);
  if (CODES.has((error as { code?: string }).code ?? '') || NO_CONNECTION.test(error.message)) return true;
  return error.cause !== undefined && isUnsent(error.cause);
}
