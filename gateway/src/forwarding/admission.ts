// Admission, the same for exchanges and upgrades: the rate limit of the route and the session, between
// routing and the first attempt.
import type { Session } from 'evenkeel';
import { rateRefusal } from '../local-reply/failure.ts';
import type { Refusal } from '../local-reply/refusal.ts';
import type { Context } from './context.ts';
import type { IncomingRequest } from './incoming-request.ts';

/** A request to be admitted. */
export interface Entrant {
  readonly request: IncomingRequest;
  /** Whether it has ended meanwhile: the client left, or the gateway responded. */
  readonly isOver: boolean;
  /** Called if the request is admitted. */
  admitted(): void;
  refuse(refusal: Refusal): void;
  /** Runs a step of the request, and ends the request if the step throws. */
  guard(step: () => void): void;
}

/** Counts a request that began. */
export function arrived({ totals }: Context): void {
  totals.requests++;
  totals.inFlight++;
}

/**
 * Admits or refuses a request; synchronously if its route has neither a rate limit nor sessions.
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

/** The session of an admitted request. */
export function sessionOf({ admission }: IncomingRequest): Session | undefined {
  return admission?.session;
}

/**
 * Headers that rate limit and session add to a response: a flat list of names and values.
 * @param backendId - `undefined` for a response of the gateway itself
 */
export function admissionHeaders(
  { admission, route, isSecure }: IncomingRequest,
  backendId: string | undefined,
): readonly string[] {
  if (admission === undefined || route === undefined) return NONE;
  return route.headersOfAdmission(admission, backendId, isSecure);
}

const NONE: readonly string[] = [];
