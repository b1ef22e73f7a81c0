// The contract of a session policy.

import type { Session } from '../balancer/session.ts';
import type { Request } from '../contracts.ts';

/**
 * Finds the session of a request, and is informed which backend responded. `evenkeel/sessions` has two
 * policies: by token and by cookie.
 */
export interface SessionPolicy {
  /**
   * The session of a request; `undefined` if it has none. Must not throw or reject because of a client's
   * input: an invalid token or cookie counts as none.
   */
  read(request: Request): Session | undefined | Promise<Session | undefined>;
  /**
   * Called once for each request that got a response of a backend, before the response is written.
   * @param session - the object that {@link SessionPolicy.read} returned
   * @param backendId - the backend that responded, which may be another one than the session's
   * @param writeHeader - adds a header to the response
   */
  written?(
    session: Session | undefined,
    backendId: string,
    writeHeader: (header: string, value: string) => void,
  ): void;
}
