// Responses with something to send, if that does not go out with what follows it.

/** A response that may hold something back. */
interface Flushable {
  /** Sends what is held back. It must not throw. */
  flush(): void;
}

/** Flushes after the bytes of the current reads were handled; one callback of the event loop serves all. */
export class FlushQueue {
  #waiting: Flushable[] = [];

  add(response: Flushable): void {
    if (this.#waiting.push(response) === 1) setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const response of waiting) response.flush();
  };
}
