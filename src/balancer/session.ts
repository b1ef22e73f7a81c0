/**
 * The session of a request, which keeps it on the backend of earlier ones. If that backend may not serve,
 * another one is chosen.
 */
export interface Session {
  /** Id of the session's backend; `undefined` for a new session. */
  readonly backend?: string | undefined;
  /**
   * Names the session, and replaces the key of the request. A session without a backend goes to its home: the
   * backend of its key on the ring, whatever the bounds say, so that all processes with the same pool agree.
   */
  readonly key?: string | undefined;
  /**
   * Set by the balancer: id of the session's home, if that is in service. A session whose home is, need not
   * be remembered.
   */
  home?: string | undefined;
}
