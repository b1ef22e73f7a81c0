import type { Session } from '../balancer/session.ts';
import type { Request } from '../contracts.ts';

/** STUB: being written. */
export interface SessionPolicy {
  read(request: Request): Session | undefined | Promise<Session | undefined>;
  written?(
    session: Session | undefined,
    backendId: string,
    writeHeader: (header: string, value: string) => void,
  ): void;
}
