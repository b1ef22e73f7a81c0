// Loads jose, which verifies tokens, when it is first needed, so that sessions by cookie work without it.
import { checkPeer } from '../peer.ts';

/**
 * Set in the CommonJS build, which contains jose: jose is only an ES module, which not every CommonJS host
 * can load.
 */
declare const JOSE_IS_BUNDLED: true | undefined;

type Jose = typeof import('./jose-parts.ts');
let loading: Promise<Jose> | undefined;

/** @throws MissingPeerError if jose is not installed */
export function checkJose(): void {
  if (typeof JOSE_IS_BUNDLED === 'undefined') checkPeer('evenkeel/sessions', 'jose');
}

/** Loads jose once. */
export function loadJose(): Promise<Jose> {
  loading ??= import('./jose-parts.ts');
  return loading;
}
