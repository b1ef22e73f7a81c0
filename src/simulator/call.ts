// One request of the simulation, and what stands between clients and servers.
import type { SimulatedServer } from './simulated-server.ts';
import type { VirtualEnv } from './virtual-env.ts';

/** A request of a client. */
export interface Call {
  readonly number: number;
  readonly key: string;
  readonly clientAddress: string;
  readonly method: string;
  /** Milliseconds of work at speed 1. */
  readonly sizeMs: number;
  /** Whether it fails on every server, however well that is. */
  readonly isPoison: boolean;
}

/** Where calls take place. */
export interface World {
  readonly env: VirtualEnv;
  /** By URL. */
  readonly servers: ReadonlyMap<string, SimulatedServer>;
}

/** Sends calls to servers: a load balancer, or a reference to compare it with. */
export interface Caller {
  /** @param done - gets the status that the client sees, once */
  send(call: Call, done: (status: number) => void): void;
}

/** Makes a caller; there is one for each balancer of the simulation. @param random - its own chance */
export type CallerFactory = (world: World, random: () => number) => Caller;
