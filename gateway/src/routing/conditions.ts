// What a route asks of a request beside host and path.
import type { RouteConfig } from '../config/schema.ts';
import { fits } from './wildcard.ts';

/** What routes may ask for. */
export interface RouteFacts {
  readonly method: string;
  /** By name, in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The name of the listener that the request came in at. */
  readonly listener: string | undefined;
}

/** Conditions on a request; all of them must hold. */
export class Conditions {
  /** The number of conditions on headers. */
  readonly headers: number;
  /** The number of other conditions. */
  readonly others: number;
  /** `undefined` for all. */
  readonly methods: readonly string[] | undefined;
  readonly #listeners: readonly string[] | undefined;
  readonly #headers: readonly (readonly [name: string, pattern: string])[];

  constructor({ methods, headers = {}, listeners }: Pick<RouteConfig, 'methods' | 'headers' | 'listeners'>) {
    // RFC 9110 section 9.3.2: HEAD is GET without the body of the response.
    this.methods = methods?.includes('GET') ? [...new Set([...methods, 'HEAD'])] : methods;
    this.#listeners = listeners;
    this.#headers = Object.entries(headers).map(([name, pattern]) => [name.toLowerCase(), pattern]);
    this.headers = this.#headers.length;
    this.others = (methods === undefined ? 0 : 1) + (listeners === undefined ? 0 : 1);
  }

  /** `undefined` if there are none. */
  static of(route: Pick<RouteConfig, 'methods' | 'headers' | 'listeners'>): Conditions | undefined {
    const conditions = new Conditions(route);
    return conditions.headers + conditions.others === 0 ? undefined : conditions;
  }

  hold(facts: RouteFacts): boolean {
    return (this.methods === undefined || this.methods.includes(facts.method)) && this.holdButMethod(facts);
  }

  /** Whether all hold, the one on the method aside. */
  holdButMethod({ listener, headers }: RouteFacts): boolean {
    if (this.#listeners !== undefined && (listener === undefined || !this.#listeners.includes(listener)))
      return false;
    for (const [name, pattern] of this.#headers) {
      const value = headers[name];
      if (value === undefined) return false;
      if (!(typeof value === 'string' ? fits(pattern, value) : value.some((one) => fits(pattern, one))))
        return false;
    }
    return true;
  }
}
