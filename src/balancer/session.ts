/** What ties a request to the ones before it. A preference: a backend that may not serve is passed over. */
export interface Session {
  /** Id of the backend that the session is on. */
  readonly backend?: string | undefined;
  /** Takes the place of the request's key, so that a new session goes where its key belongs. */
  readonly key?: string | undefined;
}
