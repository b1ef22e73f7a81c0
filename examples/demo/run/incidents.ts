import type { Balancer, BalancerEvent, Request } from '../../../src/index.ts';

/** Something that happened to a backend. */
export interface Incident {
  readonly type: BalancerEvent['type'];
  readonly backend: string;
  /** In milliseconds of the platform's clock. */
  readonly at: number;
}

/** What the balancer itself found out about its backends, as it tells by its events. */
export class Incidents {
  readonly #all: Incident[] = [];
  /** When ejections end, by backend. */
  readonly #ejectedUntil = new Map<string, number>();

  constructor(balancer: Balancer<Request>) {
    balancer.subscribe((event) => {
      if (!('backend' in event)) return;
      const { type, backend } = event;
      const at = performance.now();
      this.#all.push({ type, backend, at });
      if (type === 'ejected') this.#ejectedUntil.set(backend, at + event.forMs);
      if (type === 'returned') this.#ejectedUntil.delete(backend);
    });
  }

  get ejections(): number {
    return this.#all.filter(({ type }) => type === 'ejected').length;
  }

  /** The first sign, between two moments, that a backend was taken for broken. */
  foundOut(backend: string, from: number, to = Number.POSITIVE_INFINITY): Incident | undefined {
    return this.#all.find(
      ({ type, backend: other, at }) =>
        other === backend && at >= from && at < to && (type === 'ejected' || type === 'down'),
    );
  }

  /** For how many more milliseconds a backend is ejected; `null` where it is not. */
  ejectedForMs(backend: string): number | null {
    const until = this.#ejectedUntil.get(backend);
    return until === undefined ? null : Math.max(0, until - performance.now());
  }
}
