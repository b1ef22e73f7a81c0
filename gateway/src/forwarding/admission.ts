// The part of a request between its route and its first attempt, the same for exchanges and upgrades: the
// rate limit of the route, and the session.
import type { Session } from 'evenkeel';
import { rateRefusal } from '../local-reply/failure.ts';
import type { Refusal } from '../local-reply/refusal.ts';
import type { Context } from './context.ts';
import type { IncomingRequest } from './incoming-request.ts';

/** A request that asks to be let in. */
export interface Entrant {
  readonly request: IncomingRequest;
  /** Whether it has ended meanwhile: its client has left, or the gateway has answered. */
  readonly isOver: boolean;
  /** It is let in. */
  admitted(): void;
  refuse(refusal: Refusal): void;
  /** Runs a step of it, and ends the request if that throws. */
  guard(step: () => void): void;
}

/** Counts a request that has come. */
export function arrived({ totals }: Context): void {
  totals.requests++;
  totals.inFlight++;
}

/**
 * Lets a request in or refuses it: before this function returns if its route has neither a rate limit nor
 * sessions.
 */
export function admit({ totals }: Context, entrant: Entrant): void {
  const { request } = entrant;
  const gate = request.route?.gate;
  if (gate === undefined) {
    entrant.admitted();
    return;
  }
  void gate.admit(request).then((admission) =>
    entrant.guard(() => {
      if (entrant.isOver) return;
      request.admission = admission;
      if (admission.refusal === undefined) entrant.admitted();
      else {
        totals.rateLimited++;
        entrant.refuse(rateRefusal(admission.refusal));
      }
    }),
  );
}

/** The session of a request that was let in. */
export function sessionOf({ admission }: IncomingRequest): Session | undefined {
  return admission?.session;
}

/**
 * Headers that rate limit and session add to a response: names and values by turns.
 * @param backendId - `undefined` if the gateway itself answers
 */
export function admissionHeaders(
  { admission, route, isSecure }: IncomingRequest,
  backendId: string | undefined,
): readonly string[] {
  if (admission === undefined || route === undefined) return NONE;
  return route.headersOfAdmission(admission, backendId, isSecure);
}

const NONE: readonly string[] = [];
