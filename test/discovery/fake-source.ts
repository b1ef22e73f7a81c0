// A source of backends that tells what a test wants, when it wants.
import type { DiscoveredBackend, Discovery, Snapshot } from '../../src/discovery/index.ts';

/** Lets everything that waits for promises alone go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

type Step = { readonly snapshot: unknown } | { readonly error: Error } | { readonly end: true };

/** A source that is told what to say. Each step goes to the watch that runs, or to the next one. */
export class FakeSource implements Discovery {
  readonly name = 'fake';
  readonly retireAfter: number;
  /** How often it was watched. */
  watches = 0;
  epoch = 'e1';
  #version = 0;
  readonly #steps: Step[] = [];
  #wake = () => {};

  constructor(retireAfter = 1) {
    this.retireAfter = retireAfter;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Snapshot> {
    this.watches++;
    signal.addEventListener('abort', () => this.#wake());
    while (!signal.aborted) {
      const step = this.#steps.shift();
      if (step === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      } else if ('error' in step) throw step.error;
      else if ('end' in step) return;
      else yield step.snapshot as Snapshot;
    }
  }

  /** Tells of backends `http://<name>`, or of whole entries. */
  async tell(...backends: (string | DiscoveredBackend)[]): Promise<void> {
    const entries = backends.map((one) =>
      typeof one === 'string' ? { id: one, url: `http://${one}` } : one,
    );
    await this.tellRaw({ epoch: this.epoch, version: String(++this.#version), backends: entries });
  }

  tellRaw(snapshot: unknown): Promise<void> {
    return this.#step({ snapshot });
  }

  fail(message: string): Promise<void> {
    return this.#step({ error: new Error(message) });
  }

  end(): Promise<void> {
    return this.#step({ end: true });
  }

  #step(step: Step): Promise<void> {
    this.#steps.push(step);
    this.#wake();
    return settled();
  }
}
