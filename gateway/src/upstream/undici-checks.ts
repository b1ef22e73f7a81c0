// The HTTP service of active health checks, over undici.
import { FetchHTTPService, type HTTPService } from 'evenkeel';
import { Agent, fetch as undiciFetch } from 'undici';
import type { ResolvedPool } from '../config/resolved-config.ts';
import { lookupOf, tlsOptions } from './connection-settings.ts';

/** Sends health checks until it is closed. */
export interface CheckService extends HTTPService {
  /** Ends checks under way. */
  close(): void;
}

/**
 * Each check has a connection of its own: a part of the check is whether one can be made.
 * @param addressOf - the address that requests to a backend go to, if its URL has a name
 */
export function checkService(
  tls: ResolvedPool['tls'],
  addressOf: (backend: string) => string | undefined,
): CheckService {
  const services = new Map<string | undefined, { agent: Agent; service: HTTPService }>();
  const serviceFor = (address: string | undefined) => {
    let known = services.get(address);
    if (known === undefined) {
      const agent = new Agent({ connect: { ...tlsOptions(tls), ...lookupOf(address) }, pipelining: 0 });
      const checkFetch = (url: unknown, init: object) =>
        undiciFetch(url as string, { ...init, dispatcher: agent });
      known = { agent, service: new FetchHTTPService({ fetch: checkFetch as unknown as typeof fetch }) };
      if (services.size >= KEPT_ADDRESSES) services.delete([...services.keys()][0]);
      services.set(address, known);
    }
    return known.service;
  };
  return {
    sendRequest: (url, request, options) =>
      serviceFor(addressOf(options?.backend ?? '')).sendRequest(url, request, options),
    close: () => {
      for (const { agent } of services.values()) agent.destroy().catch(() => {});
    },
  };
}

/** An agent holds no connection between checks, so that an older one can be forgotten. */
const KEPT_ADDRESSES = 10_000;
