// jose, which verifies tokens. It is loaded when it is first needed, so that sessions by cookie work without
// it.
import { checkPeer } from '../peer.ts';

/**
 * Set by the CommonJS build, which has jose inside: jose is an ES module alone, and not every host of
 * CommonJS can load one.
 */
declare const JOSE_IS_BUNDLED: true | undefined;

type Jose = typeof import('./jose-parts.ts');
let loading: Promise<Jose> | undefined;

/** @throws MissingPeerError where jose is not installed */
export function checkJose(): void {
  if (typeof JOSE_IS_BUNDLED === 'undefined') checkPeer('evenkeel/sessions', 'jose');
}

/** Loads jose once. */
export function loadJose(): Promise<Jose> {
  loading ??= import('./jose-parts.ts');
  return loading;
}
