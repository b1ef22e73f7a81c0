import { echo, ping } from './echo.ts';
import { type Call, type Endpoint, sendText } from './endpoint.ts';
import { abort, hang, reset, slow, status } from './faults.ts';
import { big, events } from './streams.ts';

/** What a backend answers beside its pages, its health check and `/ws`. */
export const endpoints: readonly Endpoint[] = [ping, echo, slow, hang, abort, reset, status, big, events];

/** Answers a call, with 404 where nothing is there and with 400 where the query is wrong. */
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
    // Anything else is a client that left in the middle.
    if (error instanceof RangeError && !response.headersSent) sendText(response, 400, `${error.message}\n`);
    else response.destroy();
  }
}
