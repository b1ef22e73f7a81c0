// The responses of the admin listener, in JSON or as text.
import { ControlError } from '../errors.ts';
import { AdminError, type AdminErrorCode } from './admin-error.ts';

/** A response of the admin listener. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Headers of every response: it may not be cached, framed, read as another type or used by another site. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** A response in JSON. `Infinity` and NaN become `null`; `undefined` is left out. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): AdminAnswer {
  return jsonTextAnswer(status, JSON.stringify(value), headers);
}

/** A response with text that is JSON already. */
export function jsonTextAnswer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): AdminAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: `${text}\n`,
  };
}

/** A response with `{ code, message }`; an unexpected error reveals nothing. */
export function errorAnswer(error: unknown): AdminAnswer {
  if (error instanceof AdminError) {
    const { status, code, message, headers } = error;
    return jsonAnswer(status, { code, message }, headers);
  }
  if (error instanceof ControlError && error.status >= 400 && error.status <= 599) {
    const { status, message } = error;
    return jsonAnswer(status, { code: codeOf(status), message });
  }
  return jsonAnswer(500, { code: 'ERR_ADMIN_INTERNAL', message: 'the admin listener failed' });
}

function codeOf(status: number): AdminErrorCode {
  switch (status) {
    case 404:
      return 'ERR_ADMIN_NOT_FOUND';
    case 409:
      return 'ERR_ADMIN_CONFLICT';
    case 503:
      return 'ERR_ADMIN_UNAVAILABLE';
    default:
      return status < 500 ? 'ERR_ADMIN_BAD_REQUEST' : 'ERR_ADMIN_INTERNAL';
  }
}
