// The interface of a contender.

import type { Server } from '../processes.ts';
import type { TlsFiles } from '../tls-files.ts';

export const CONTENDER_NAMES = ['nginx', 'haproxy', 'http-proxy-3', 'reply-from', 'evenkeel'] as const;

export type ContenderName = (typeof CONTENDER_NAMES)[number];

/** The port of a proxy and the origins behind it. */
export interface Place {
  readonly port: number;
  /** For HTTPS; `undefined` for plain HTTP. Origins are always plain. */
  readonly tls: TlsFiles | undefined;
  readonly originPorts: readonly number[];
  readonly cores: readonly number[];
  /** Number of worker processes. More than one only for evenkeel. */
  readonly workers: number;
}

/** A reverse proxy to be measured. */
export interface Contender {
  readonly name: ContenderName;
  readonly version: string;
  /** A description of its configuration. */
  readonly how: string;
  start(place: Place): Server;
}
