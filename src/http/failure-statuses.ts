// The response statuses that count as failures of the backend by default.

/**
 * Bad Gateway, Service Unavailable, Gateway Timeout (RFC 9110 section 15.6): a retry on another backend may
 * help.
 */
export const FAILURE_STATUSES: readonly number[] = [502, 503, 504];

/** Whether a status is one of {@link FAILURE_STATUSES}. */
export function isFailureStatus(status: number): boolean {
  return FAILURE_STATUSES.includes(status);
}
