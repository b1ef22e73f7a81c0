// What a worker shares with the others, by way of the primary.
import type { Claim, FleetStore, Held, SpaceListener } from 'evenkeel/fleet';
import type { FleetAnswer, FleetNews, PrimaryPort } from './messages.ts';

/**
 * The primary as the store of a fleet. It answers as long as the worker lives, as a worker does not outlive
 * its primary.
 */
export class PrimaryFleet implements FleetStore {
  readonly isOneMachine = true;
  readonly #port: PrimaryPort;
  readonly #waiting = new Map<number, (held: readonly Held[]) => void>();
  /** By space. After a reload, two pools may have one space for a moment. */
  readonly #listeners = new Map<string, Set<SpaceListener>>();
  #asked = 0;

  constructor(port: PrimaryPort) {
    this.#port = port;
  }

  claim(space: string, claims: readonly Claim[], ttlMs: number): Promise<readonly Held[]> {
    return this.#ask((id) => this.#port.send({ type: 'claim', id, space, claims, ttlMs }));
  }

  async put(space: string, held: readonly Held[], ttlMs: number): Promise<void> {
    await this.#ask((id) => this.#port.send({ type: 'put', id, space, held, ttlMs }));
  }

  load(space: string): Promise<readonly Held[]> {
    return this.#ask((id) => this.#port.send({ type: 'load', id, space }));
  }

  listen(space: string, listener: SpaceListener): () => void {
    const listeners = this.#listeners.get(space) ?? new Set();
    this.#listeners.set(space, listeners.add(listener));
    // Messages keep their order: what is told after this one is not missed.
    this.#port.send({ type: 'listen', space });
    listener.joined();
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      this.#listeners.delete(space);
      this.#port.send({ type: 'leave', space });
    };
  }

  /** Takes an answer of the primary. */
  took({ answered, held }: FleetAnswer): void {
    this.#waiting.get(answered)?.(held);
    this.#waiting.delete(answered);
  }

  /** Takes what the workers have claimed. */
  heard({ space, held }: FleetNews): void {
    for (const listener of [...(this.#listeners.get(space) ?? [])]) listener.changed(held);
  }

  #ask(send: (id: number) => void): Promise<readonly Held[]> {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      send(id);
    });
  }
}
