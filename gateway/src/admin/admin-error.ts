// Errors that the admin listener answers with.

/** The codes of these errors: stable, for programs. */
export type AdminErrorCode =
  | 'ERR_ADMIN_BAD_REQUEST'
  | 'ERR_ADMIN_BODY_TOO_LARGE'
  | 'ERR_ADMIN_CONFLICT'
  | 'ERR_ADMIN_CROSS_ORIGIN'
  | 'ERR_ADMIN_HOST'
  | 'ERR_ADMIN_INTERNAL'
  | 'ERR_ADMIN_MEDIA_TYPE'
  | 'ERR_ADMIN_METHOD'
  | 'ERR_ADMIN_NOT_FOUND'
  | 'ERR_ADMIN_TIMEOUT'
  | 'ERR_ADMIN_UNAUTHORIZED'
  | 'ERR_ADMIN_UNAVAILABLE';

/** An error that the caller may see: its message is in the response. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly status: number;
  readonly code: AdminErrorCode;
  /** Further headers of the response. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: AdminErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The request is not valid. */
export function badRequest(message: string): AdminError {
  return new AdminError(400, 'ERR_ADMIN_BAD_REQUEST', message);
}
