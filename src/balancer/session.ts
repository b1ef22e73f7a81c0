/**
 * The session of a request, which keeps it on the backend of earlier ones. If that backend may not serve,
 * another one is chosen.
 */
export interface Session {
  /** Id of the session's backend; `undefined` for a new session. */
  readonly backend?: string | undefined;
  /** Replaces the key of the request, so that a new session goes to the backend of its key. */
  readonly key?: string | undefined;
}
