// One backend as the gateway sees it: its connections and its counters.
import type { Backend, Outcome } from 'evenkeel';
import { BackendMeter } from '../observation/backend-meter.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import type { Connections } from './connections.ts';
import { Http1Connections } from './http1-connections.ts';

/** A backend with its connections; stays open for requests that it was given before it was left. */
export class Upstream {
  readonly url: string;
  /** Where it is, if the URL has a name. */
  readonly address: string | undefined;
  readonly meter: BackendMeter;
  readonly connections: Connections;
  /** How long a request to it may take, in milliseconds. */
  readonly totalMs: number;
  /** Requests and tunnels that hold it, also before anything is sent. */
  #held = 0;
  #isClosing = false;

  constructor({ url }: Pick<Backend, 'url'>, settings: ConnectionSettings, meter = new BackendMeter()) {
    this.url = url;
    this.address = settings.address;
    this.meter = meter;
    this.totalMs = settings.timeouts.totalMs;
    this.connections = new Http1Connections(url, settings);
  }

  /** Counts a request or tunnel that is about to use it. */
  begin(): void {
    this.#held++;
    this.meter.active++;
    this.meter.requests++;
  }

  /** Counts the end of what was begun. */
  end(outcome: Outcome): void {
    this.#held--;
    this.meter.active--;
    if (outcome === 'failure') this.meter.errors++;
    else if (outcome === 'cancelled') this.meter.cancelled++;
    else if (outcome === 'rejected') this.meter.rejected++;
    if (this.#isClosing) this.close();
  }

  /** Closes the connections as soon as all that was begun has ended. */
  close(): void {
    this.#isClosing = true;
    if (this.#held === 0) this.connections.close();
  }

  /** Ends what runs. */
  destroy(): void {
    this.connections.destroy();
  }
}
