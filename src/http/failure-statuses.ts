// Statuses of responses that count as their backend's failure unless the host says otherwise.

/** Bad Gateway, Service Unavailable, Gateway Timeout (RFC 9110 section 15.6): a retry elsewhere may help. */
export const FAILURE_STATUSES: readonly number[] = [502, 503, 504];

/** Whether a status is one of {@link FAILURE_STATUSES}. */
export function isFailureStatus(status: number): boolean {
  return FAILURE_STATUSES.includes(status);
}
