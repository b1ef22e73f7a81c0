// Peers: packages that some subpaths of evenkeel need and that the host installs.
import { createRequire } from 'node:module';

/** A package that a subpath needs is not installed. */
export class MissingPeerError extends Error {
  override readonly name = 'MissingPeerError';
  readonly code = 'ERR_LB_MISSING_PEER';

  /**
   * @param subpath - the subpath that needs the package, for example `evenkeel/undici`
   * @param peer - the name of the package
   */
  constructor(subpath: string, peer: string, options?: ErrorOptions) {
    super(`${subpath} needs ${peer}: npm install ${peer}`, options);
  }
}

/**
 * Checks that a peer is installed, before it is loaded.
 * @throws MissingPeerError if it is not installed
 */
export function checkPeer(subpath: string, peer: string): void {
  // In a bundle, neither package needs to be on the disk.
  if (isInstalled('evenkeel/package.json') && !isInstalled(peer)) throw new MissingPeerError(subpath, peer);
}

/**
 * Converts the failure to load a missing peer into an error that names the package to install. Other errors
 * are returned unchanged.
 */
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
