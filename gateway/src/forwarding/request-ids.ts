// Ids of requests.

import { randomBytes } from 'node:crypto';

/**
 * A request id of the client is kept if it matches: all common formats, but no characters that could break a
 * log.
 */
const GOOD_ID = /^[\w.:/+=-]{1,128}$/;

/** Gives each request an id: the client's if it is valid, else a new one. */
export class RequestIds {
  readonly #prefix = `${randomBytes(6).toString('base64url')}-`;
  #count = 0;

  idFor(own: string | undefined): string {
    if (own !== undefined && GOOD_ID.test(own)) return own;
    return this.#prefix + (++this.#count).toString(36);
  }
}
