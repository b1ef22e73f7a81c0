// Redirects: where they lead.
import type { RequestPath } from '../config/normal-path.ts';
import type { RouteConfig } from '../config/schema.ts';
import type { Refusal } from '../local-reply/refusal.ts';
import { longerQuery, type PathRewrite, rewritten } from './path-rewrite.ts';

type RedirectConfig = NonNullable<RouteConfig['redirect']>;

/** Where a request asks to go. */
export interface RedirectSource {
  readonly scheme: string;
  /** Host and port as the client named them; empty if it named none. */
  readonly authority: string;
  readonly requestPath: RequestPath;
}

/** Sends clients to another URL. */
export class Redirect {
  readonly #config: RedirectConfig;
  readonly #rewrite: PathRewrite | undefined;

  constructor(config: RedirectConfig, rewrite: PathRewrite | undefined) {
    this.#config = config;
    this.#rewrite = rewrite;
  }

  /**
   * The URL to go to.
   * @returns `undefined` if it is the one that was asked for, or the request names no host
   */
  locationFor({ scheme, authority, requestPath: path }: RedirectSource): string | undefined {
    const { scheme: target = scheme, host, port } = this.#config;
    const name = host ?? authority.replace(PORT, '');
    if (name === '') return undefined;
    // A port belongs to a scheme and a host: it stays with both.
    const own = host === undefined && target === scheme ? (PORT.exec(authority)?.[1] ?? '') : '';
    const number = port === undefined ? own : String(port);
    const isDefault = number === '' || number === DEFAULT_PORTS[target];
    const origin = `${target}://${name}${isDefault ? '' : `:${number}`}`;
    const source = /^[!-[\]-~]*$/.test(path.raw) ? path : path.asNormal();
    const text = source.raw;
    const changed = this.#rewrite && rewritten(source, this.#rewrite);
    const next = changed?.path ?? text;
    const added = changed?.added;
    const query = longerQuery(added, path.query);
    const asked = `${scheme}://${authority.replace(PORT, (_, number) => (number === DEFAULT_PORTS[scheme] ? '' : `:${number}`))}`;
    return origin.toLowerCase() === asked.toLowerCase() && next === text && added === undefined
      ? undefined
      : origin + next + query.replace(/[^!-~]/g, encodeURIComponent);
  }

  /** The response that sends a client there. */
  refusalFor(location: string): Refusal {
    const { status } = this.#config;
    const message = `the requested URL is now ${location}`;
    return { status, code: 'GW_REDIRECT', message, headers: ['Location', location] };
  }
}

const PORT = /:(\d*)$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };
