// Takes the base URL of a backend apart, as those who connect need it.
import { insidePath } from 'evenkeel/internal';
import { socketOfHost } from '../config/unix-socket.ts';
import { BackendFailure } from './backend-failure.ts';

/** Where a backend is. */
export interface BaseUrl {
  /** What stands in `Host`. */
  readonly authority: string;
  /** An IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** The path of its unix socket; `undefined` for TCP. */
  readonly socketPath: string | undefined;
  /** The path before each request's own, without a slash at the end. */
  readonly path: string;
}

/** @throws TypeError if it is no URL */
export function readBaseUrl(url: string): BaseUrl {
  const { protocol, host, hostname, port, pathname } = new URL(url);
  const socketPath = socketOfHost(hostname);
  const isSecure = protocol === 'https:';
  return {
    authority: socketPath === undefined ? host : 'localhost',
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: Number(port || (isSecure ? 443 : 80)),
    isSecure,
    socketPath,
    path: pathname.endsWith('/') ? pathname.slice(0, -1) : pathname,
  };
}

/**
 * The target of a request on a backend. A path cannot leave the base path; without one, it stays as it is.
 * @returns a failure of the kind `unsendable` if it would leave the base path
 */
export function targetOn({ path: base }: BaseUrl, path: string): string | BackendFailure {
  if (base === '') return path;
  try {
    return base + insidePath(path);
  } catch (error) {
    return new BackendFailure(error, false);
  }
}
