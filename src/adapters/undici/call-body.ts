import type { Dispatcher } from 'undici';

type Body = Dispatcher.DispatchOptions['body'];

/**
 * The body of a request. It tells whether it can be sent again, and whether an error came from its source.
 */
export class CallBody {
  readonly content: Body;
  /** Whether the body is in memory, so that it can be sent again. */
  readonly canRepeat: boolean;
  #error: unknown;

  constructor(body: Body) {
    this.canRepeat = body == null || typeof body === 'string' || ArrayBuffer.isView(body);
    this.content = isGenerator(body) ? (this.#watched(body) as unknown as Body) : body;
  }

  /** Whether an error came from the source of the body. */
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

/** Whether undici reads the body by iteration. Node's streams keep their error themselves. */
function isGenerator(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body && !('pipe' in body);
}
