// Health checks that were not asked for: they must be found before they count.
import type { HTTPService } from 'evenkeel';

/** More backends are not remembered, where addresses come and go. */
const MAX_KNOWN = 10_000;

/**
 * Checks of a path that a backend may not have. Until a backend has answered with a status from 200 to 299,
 * its status is no verdict on it: any response counts as well, since the backend has responded. From then on
 * the check is there, and its failures count.
 */
export function foundChecks(service: HTTPService): HTTPService {
  const found = new Set<string>();
  return {
    async sendRequest(url, request, options) {
      const response = await service.sendRequest(url, request, options);
      if (response.status >= 200 && response.status <= 299) {
        if (found.size >= MAX_KNOWN) found.clear();
        found.add(url);
        return response;
      }
      return found.has(url) ? response : { status: 200, data: '' };
    },
  };
}
