import { BodyPump, type BodyWatcher } from './body-pump.ts';

/** An answer whose end is told to a watcher. */
export interface LeasedResponse {
  readonly response: Response;
  /** Breaks its body off at once. */
  readonly fail: (reason: unknown) => void;
}

/** The same answer, except that a watcher hears of the end of its body; at once where it has none. */
export function leasedResponse(response: Response, watcher: BodyWatcher): LeasedResponse {
  const { body, status, statusText, headers } = response;
  // A status that `fetch` lets pass and `Response` does not know cannot be made again.
  if (body === null || status > 599) {
    watcher.complete();
    return { response, fail: () => {} };
  }
  const pump = new BodyPump(body, watcher);
  const copy = new Response(pump.stream(), { status, statusText, headers });
  return { response: withOrigin(copy, response), fail: (reason) => pump.fail(reason) };
}

/** Adds what no constructor can set. */
function withOrigin(response: Response, { url, redirected, type }: Response): Response {
  const clone = () =>
    withOrigin(Response.prototype.clone.call(response), { url, redirected, type } as Response);
  return Object.defineProperties(response, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
    clone: { value: clone },
  });
}
