import type { GatewayConfigInput } from '../../src/config/schema.ts';
import type { GatewayLog, GatewayStats } from '../../src/contracts.ts';

export type PoolInput = GatewayConfigInput['pools'][string];
type ListenerInput = GatewayConfigInput['listeners'][number];

/** How a target is to be started. Peers heed the backends and the listener alone. */
export interface TargetOptions {
  /** Base URLs of the backends of the only pool, or of the pool `main`. */
  readonly backends: readonly string[];
  /** @defaultValue HTTP/1.1 in the clear */
  readonly listener?: Partial<ListenerInput>;
  /** The rest of the pool `main`. */
  readonly pool?: Partial<PoolInput>;
  /** The rest of the configuration; `pools` are put beside the pool `main`. */
  readonly config?: Partial<GatewayConfigInput>;
  readonly log?: GatewayLog;
  /** The admin listener. Left out: none. */
  readonly admin?: { readonly token?: string };
}

/** An intermediary that runs. */
export interface Running {
  readonly port: number;
  readonly adminPort?: number | undefined;
  /** Whether HTTP/1.1 is spoken in the clear on `port`. */
  readonly plain: boolean;
  /** `undefined` for peers. */
  readonly stats?: (() => GatewayStats) | undefined;
  readonly reload?: ((change: Partial<TargetOptions>) => Promise<void>) | undefined;
  /** @param graceMs - for requests to end by themselves. @defaultValue 0 */
  stop(graceMs?: number): Promise<void>;
}

/** An intermediary under test. */
export interface Target {
  readonly name: string;
  /** Whether it is the one that the project is about: peers run only what needs no configuration of ours. */
  readonly own: boolean;
  /** Whether it speaks HTTP/2 without TLS. */
  readonly http2: boolean;
  start(options: TargetOptions): Promise<Running>;
}
