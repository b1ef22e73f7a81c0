// Health checks that were not asked for: they must be found before they count.
import type { HTTPService } from 'evenkeel';

/** The service of such checks. */
export interface FoundChecks extends HTTPService {
  /** Takes the status of a response to a check that another gateway has sent. */
  responded(url: string, status: number): void;
}

/** A status that is healthy, and that tells other gateways of nothing found. */
const NOT_FOUND_YET = 399;

/** More backends are not remembered, where addresses come and go. */
const MAX_KNOWN = 10_000;

/**
 * Checks of a path that a backend may not have. Until a backend has answered with a status from 200 to 299,
 * its status is no verdict on it: any response counts as well, since the backend has responded. From then on
 * the check is there, and its failures count.
 */
export function foundChecks(service: HTTPService): FoundChecks {
  const found = new Set<string>();
  const isGood = (status: number) => status >= 200 && status <= 299;
  function responded(url: string, status: number): void {
    if (!isGood(status)) return;
    if (found.size >= MAX_KNOWN) found.clear();
    found.add(url);
  }
  return {
    async sendRequest(url, request, options) {
      const response = await service.sendRequest(url, request, options);
      responded(url, response.status);
      return found.has(url) ? response : { status: NOT_FOUND_YET, data: '' };
    },
    responded,
  };
}
