import { randomBytes } from 'node:crypto';

/**
 * What of a client's own id is taken over: enough for every common form, and nothing that could break a log.
 */
const GOOD_ID = /^[\w.:/+=-]{1,128}$/;

/** Gives each request a name: the client's own where it is a good one, else a new one. */
export class RequestIds {
  readonly #prefix = `${randomBytes(6).toString('base64url')}-`;
  #count = 0;

  idFor(own: string | undefined): string {
    if (own !== undefined && GOOD_ID.test(own)) return own;
    return this.#prefix + (++this.#count).toString(36);
  }
}
