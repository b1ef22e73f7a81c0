// Admission, the same for exchanges and upgrades: the rate limit of the route and the session, between
// routing and the first attempt.
import type { Session } from 'evenkeel';
import { rateRefusal } from '../local-reply/failure.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import type { Context } from './context.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { isShareable, madePrivate } from './shared-caches.ts';

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

/**
 * Counts a request with a valid head among those of its client.
 * @returns why it is refused; `undefined` if the client may have one more
 */
export function enter({ limits, clients }: Context, request: IncomingRequest): Refusal | undefined {
  const { requestsPerClient: most } = limits;
  if (most === undefined || request.isOfTrustedProxy) return undefined;
  request.countedFor = clients.enter(request.clientAddress, most);
  return request.countedFor === undefined ? REFUSALS.tooManyRequests : undefined;
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

/**
 * Headers of a backend's response, with those of rate limit and session. A session begins only with a
 * response that is the client's alone: where caches may give it to others, it has no cookie, or it is made
 * private.
 * @param headers - names and values by turns; may be extended
 */
export function withAdmission(request: IncomingRequest, headers: string[], backendId: string): string[] {
  if (request.admission === undefined) return headers;
  const hasSession = request.route?.pool.sessions !== undefined && !isShareable(headers);
  const added = admissionHeaders(request, hasSession ? backendId : undefined);
  const isSet = added.some((text, index) => index % 2 === 0 && text === 'Set-Cookie');
  const all = isSet ? madePrivate(headers) : headers;
  for (const text of added) all.push(text);
  return all;
}

const NONE: readonly string[] = [];
