// Peers: the packages that a subpath of evenkeel needs and that its user installs.
import { createRequire } from 'node:module';

/** A subpath needs a package that is not installed. */
export class MissingPeerError extends Error {
  override readonly name = 'MissingPeerError';
  readonly code = 'ERR_LB_MISSING_PEER';

  /**
   * @param subpath - what needs the package, for example `evenkeel/undici`
   * @param peer - the name of the package
   */
  constructor(subpath: string, peer: string, options?: ErrorOptions) {
    super(`${subpath} needs ${peer}: npm install ${peer}`, options);
  }
}

/**
 * Checks that a peer can be loaded, before the work begins that loads it.
 * @throws MissingPeerError where it is not installed
 */
export function checkPeer(subpath: string, peer: string): void {
  // In a bundle neither package needs to be on the disk.
  if (isInstalled('evenkeel/package.json') && !isInstalled(peer)) throw new MissingPeerError(subpath, peer);
}

/** Makes the failure to load a peer an error that says what to install; other failures pass as they are. */
export function peerFailure(subpath: string, peer: string, error: unknown): unknown {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return isMissing && String(message).includes(`'${peer}'`)
    ? new MissingPeerError(subpath, peer, { cause: error })
    : error;
}

function isInstalled(specifier: string): boolean {
  try {
    createRequire(import.meta.url).resolve(specifier);
    return true;
  } catch {
    return false;
  }
}
