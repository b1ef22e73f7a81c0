import type { Dispatcher } from 'undici';

type Body = Dispatcher.DispatchOptions['body'];

/** The body of a request: whether it can be sent twice, and whether its source was what failed. */
export class CallBody {
  readonly content: Body;
  /** Whether it is all here, so that it can be sent again. */
  readonly canRepeat: boolean;
  #error: unknown;

  constructor(body: Body) {
    this.canRepeat = body == null || typeof body === 'string' || ArrayBuffer.isView(body);
    this.content = isGenerator(body) ? (this.#watched(body) as unknown as Body) : body;
  }

  /** Whether this is the error in which the source of the body ended. */
  hasFailed(error: unknown): boolean {
    const { errored } = (this.content ?? {}) as { errored?: unknown };
    return error !== undefined && (error === errored || error === this.#error);
  }

  async *#watched(source: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    try {
      yield* source;
    } catch (error) {
      this.#error = error;
      throw error;
    }
  }
}

/** What undici reads by iteration; streams of Node say themselves what their error was. */
function isGenerator(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body && !('pipe' in body);
}
