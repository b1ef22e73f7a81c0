import { ControlError } from '../errors.ts';
import { AdminError, type AdminErrorCode } from './admin-error.ts';

/** An answer of the admin listener. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What every answer has: nobody may keep it, frame it, take it for another type or use it from another site. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** An answer in JSON, where what has no end (`Infinity`) and what is no number become `null`, and what is `undefined` is left out. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): AdminAnswer {
  return jsonTextAnswer(status, JSON.stringify(value), headers);
}

/** The same for a text that is JSON already. */
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

/** `{ code, message }`; of what nobody expected, it tells nothing. */
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
