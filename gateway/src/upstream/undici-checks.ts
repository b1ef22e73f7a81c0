// The HTTP service of active health checks, over undici.
import { FetchHTTPService, type HTTPService } from 'evenkeel';
import { Agent, fetch as undiciFetch } from 'undici';
import type { ResolvedPool } from '../config/resolved-config.ts';
import { tlsOptions } from './connection-settings.ts';

/** Sends health checks until it is closed. */
export interface CheckService extends HTTPService {
  /** Ends checks under way. */
  close(): void;
}

/** Each check has a connection of its own: a part of the check is whether one can be made. */
export function checkService(tls: ResolvedPool['tls']): CheckService {
  const dispatcher = new Agent({ connect: tlsOptions(tls), pipelining: 0 });
  const checkFetch = (url: unknown, init: object) => undiciFetch(url as string, { ...init, dispatcher });
  const service = new FetchHTTPService({ fetch: checkFetch as unknown as typeof fetch });
  return {
    sendRequest: (url, request, options) => service.sendRequest(url, request, options),
    close: () => void dispatcher.destroy().catch(() => {}),
  };
}
