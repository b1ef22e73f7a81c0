// `evenkeel/undici` for Node as an ES module: says what to install where undici is missing. Bundlers, which
// follow imports at build time and may not know `await` here, take undici.js as it is.
import { peerFailure } from './peer.js';

export const { BalancedDispatcher } = await import('./undici.js').catch((error) => {
  throw peerFailure('evenkeel/undici', 'undici', error);
});
