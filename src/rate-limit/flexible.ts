// Loads rate-limiter-flexible with the first limiter, so that the rest of the subpath works without it.
import { checkPeer } from '../peer.ts';

type Flexible = typeof import('./flexible-parts.ts');
let loading: Promise<Flexible> | undefined;

/**
 * Loads rate-limiter-flexible once.
 * @throws MissingPeerError at once if it is not installed
 */
export function loadFlexible(): Promise<Flexible> {
  if (loading !== undefined) return loading;
  checkPeer('evenkeel/rate-limit', 'rate-limiter-flexible');
  loading = import('./flexible-parts.ts');
  // Each limiter reports a failure at its first request.
  loading.catch(() => {});
  return loading;
}
