import type { Session } from '../balancer/session.ts';
import type { Request } from '../contracts.ts';

/** Finds the session of a request, and learns who answered it. `evenkeel/sessions` has two: by token and by cookie. */
export interface SessionPolicy {
  /**
   * The session of a request; `undefined` where it has none. What a client sends is never a reason to throw or reject: a token or a
   * cookie that is not valid is as if there were none.
   */
  read(request: Request): Session | undefined | Promise<Session | undefined>;
  /**
   * Called once for each request that a backend answered, before the answer is written.
   * @param session - what {@link SessionPolicy.read} gave, the very object
   * @param backendId - who answered, which need not be who the session was on
   * @param writeHeader - adds a header to the answer
   */
  written?(
    session: Session | undefined,
    backendId: string,
    writeHeader: (header: string, value: string) => void,
  ): void;
}
