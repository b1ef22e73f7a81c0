import { BodyPump, type BodyWatcher } from './body-pump.ts';

/** A response whose end is reported to a watcher. */
export interface LeasedResponse {
  readonly response: Response;
  /** Fails its body at once. */
  readonly fail: (reason: unknown) => void;
}

/** A copy of a response whose end is reported to a watcher; at once if it has no body. */
export function leasedResponse(response: Response, watcher: BodyWatcher): LeasedResponse {
  const { body, status, statusText, headers } = response;
  // `fetch` accepts statuses above 599, but the constructor of `Response` does not.
  if (body === null || status > 599) {
    watcher.complete();
    return { response, fail: () => {} };
  }
  const pump = new BodyPump(body, watcher);
  const copy = new Response(pump.stream(), { status, statusText, headers });
  return { response: withOrigin(copy, response), fail: (reason) => pump.fail(reason) };
}

/** Sets the properties that the constructor of `Response` cannot set. */
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
