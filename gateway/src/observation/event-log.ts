import type { BalancerEvent } from 'evenkeel';
import type { GatewayLog } from './gateway-log.ts';

/** Something that happened, for the list of last events. */
export interface GatewayEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `undefined` for what concerns the whole gateway. */
  readonly pool: string | undefined;
  /** For example `down`, `ejected`, `reloaded`. */
  readonly type: string;
  readonly backend: string | undefined;
  /** For people. */
  readonly message: string;
}

const MAX_EVENTS = 100;
/** What somebody may want to be woken for. */
const GRAVE = new Set(['down', 'ejected', 'opened', 'panic', 'rejected']);

/** Keeps the last things that happened, and tells the log of all. */
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

  /** Takes what a pool's engine tells. */
  addFrom(pool: string, event: BalancerEvent): void {
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
