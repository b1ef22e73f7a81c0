// Which clients are to be believed when their requests fail.
import { LATELY_MS, Variety } from './variety.ts';

/** A power of two. With more clients than this in 10 s, some are forgotten, and believed later. */
const REMEMBERED = 4_096;

/**
 * A client is a credible witness of a backend's failure if it lately had a response from some backend that
 * was no failure, or if no other client asked for anything: a client that only sends what fails
 * everywhere convicts no backend. O(1).
 */
export class Witnesses {
  readonly #clients = new Int32Array(REMEMBERED);
  /** When the client of the same place was last served well, in milliseconds of the clock. */
  readonly #servedAt = new Float64Array(REMEMBERED).fill(Number.NEGATIVE_INFINITY);
  readonly #asked = new Variety();

  /** A request of the client has ended. */
  heard(client: number, wasServed: boolean, now: number): void {
    this.#asked.note(client, now);
    if (!wasServed) return;
    const place = client & (REMEMBERED - 1);
    this.#clients[place] = client;
    this.#servedAt[place] = now;
  }

  isCredible(client: number, now: number): boolean {
    const place = client & (REMEMBERED - 1);
    const servedAt = this.#servedAt[place] as number;
    return (
      (this.#clients[place] === client && now - servedAt <= LATELY_MS) || this.#asked.isAlone(client, now)
    );
  }
}
