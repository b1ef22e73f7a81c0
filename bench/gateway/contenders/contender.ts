import type { Server } from '../processes.ts';

export const CONTENDER_NAMES = ['nginx', 'haproxy', 'http-proxy-3', 'reply-from', 'evenkeel'] as const;

export type ContenderName = (typeof CONTENDER_NAMES)[number];

/** Where a proxy listens, and before whom. */
export interface Place {
  readonly port: number;
  readonly originPorts: readonly number[];
  readonly cores: readonly number[];
  /** Processes that serve. Only evenkeel is asked for more than one. */
  readonly workers: number;
}

/** A reverse proxy that is measured. */
export interface Contender {
  readonly name: ContenderName;
  readonly version: string;
  /** How it is configured, for people. */
  readonly how: string;
  start(place: Place): Server;
}
