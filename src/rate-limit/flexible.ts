// rate-limiter-flexible, which counts. It is loaded with the first limiter, so that what does not count works
// without it.
import { checkPeer } from '../peer.ts';

type Flexible = typeof import('./flexible-parts.ts');
let loading: Promise<Flexible> | undefined;

/**
 * Loads rate-limiter-flexible once.
 * @throws MissingPeerError at once where it is not installed
 */
export function loadFlexible(): Promise<Flexible> {
  if (loading !== undefined) return loading;
  checkPeer('evenkeel/rate-limit', 'rate-limiter-flexible');
  loading = import('./flexible-parts.ts');
  // Each limiter tells of a failure with its first request.
  loading.catch(() => {});
  return loading;
}
