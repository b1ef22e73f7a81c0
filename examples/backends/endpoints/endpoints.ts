import { echo, ping } from './echo.ts';
import { type Call, type Endpoint, sendText } from './endpoint.ts';
import { abort, hang, reset, slow, status } from './faults.ts';
import { big, events } from './streams.ts';

/** The endpoints of a backend, in addition to its pages, its health check and `/ws`. */
export const endpoints: readonly Endpoint[] = [ping, echo, slow, hang, abort, reset, status, big, events];

/** Handles a request, with 404 for an unknown path and 400 for an invalid query. */
export async function answer(call: Call): Promise<void> {
  const { path, response } = call;
  const found = endpoints.find((one) =>
    one.path.endsWith('/') ? path.startsWith(one.path) : path === one.path,
  );
  if (found === undefined) {
    sendText(response, 404, `nothing is at ${path}\n`);
    return;
  }
  try {
    await found.answer(call);
  } catch (error) {
    // Any other error means that the client left.
    if (error instanceof RangeError && !response.headersSent) sendText(response, 400, `${error.message}\n`);
    else response.destroy();
  }
}
