// The last events of a gateway: the admin listener shows them, and each one is a log line.
import type { BalancerEvent } from 'evenkeel';
import type { GatewayLog } from './gateway-log.ts';

/** An event, as the list of last events has it. */
export interface GatewayEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `undefined` for an event of the whole gateway. */
  readonly pool: string | undefined;
  /** For example `down`, `ejected`, `reloaded`. */
  readonly type: string;
  readonly backend: string | undefined;
  /** A sentence for people. */
  readonly message: string;
}

const MAX_EVENTS = 100;
/** Events that an operator may want to be woken for: they are warnings in the log. */
const GRAVE = new Set(['down', 'ejected', 'opened', 'crisis', 'panic', 'rejected']);

/** Keeps the last 100 events, and writes each one to the log. */
export class EventLog {
  readonly #events: GatewayEvent[] = [];
  readonly #log: GatewayLog;

  constructor(log: GatewayLog) {
    this.#log = log;
  }

  /** Oldest first. */
  get events(): readonly GatewayEvent[] {
    return [...this.#events];
  }

  add(type: string, message: string, pool?: string, backend?: string): void {
    if (this.#events.length >= MAX_EVENTS) this.#events.shift();
    this.#events.push({ at: Date.now(), pool, type, backend, message });
    this.#log[GRAVE.has(type) ? 'warn' : 'info']({ event: type, pool, backend }, message);
  }

  /** Adds an event of a pool's engine. */
  addFrom(pool: string, event: BalancerEvent): void {
    // One for each key that moves: they would push all other events out of the list.
    if (event.type === 'moved') {
      this.#log.debug({ event: event.type, pool, from: event.from, to: event.to }, messageOf(event));
      return;
    }
    const backend = 'backend' in event ? event.backend : undefined;
    this.add(event.type, messageOf(event), pool, backend);
  }
}

function messageOf(event: BalancerEvent): string {
  switch (event.type) {
    case 'ejected':
      return `${event.backend} is ejected for ${Math.round(event.forMs / 1_000)} s: ${event.reason}`;
    case 'panic':
      return event.panic ? 'more than half of the pool is out: health is ignored' : 'health counts again';
    case 'crisis':
      return event.crisis
        ? 'less than half of the pool is well: the rest is tried with single requests'
        : 'at least half of the pool is well again';
    case 'trial':
      return `one request tries ${event.backend}`;
    case 'moved':
      return `a key had to leave ${event.from} and goes to ${event.to}`;
    case 'rejected':
    case 'warning':
      return event.message;
    case 'opened':
    case 'half-open':
    case 'closed':
      return `the circuit of ${event.backend} is ${event.type === 'opened' ? 'open' : event.type}`;
    case 'down':
      return `${event.backend} is down${event.reason === undefined ? '' : `: ${event.reason}`}`;
    case 'up':
    case 'draining':
    case 'drained':
      return `${event.backend} is ${event.type}`;
    case 'resumed':
      return `${event.backend} takes requests again`;
    default:
      return `${event.backend} was ${event.type === 'returned' ? 'let back in' : event.type}`;
  }
}
