import type { GatewayConfig } from '../config/schema.ts';
import type { GatewayLog } from '../contracts.ts';
import type { Refusal } from '../local-reply/refusal.ts';
import type { Client } from '../message/client.ts';
import type { Identity } from '../message/forwarded-headers.ts';
import type { Totals } from '../observation/totals.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { ActiveMember, ActiveSet } from './active-set.ts';
import type { RequestIds } from './request-ids.ts';
import type { ResponseRelay } from './response-relay.ts';
import type { Tunnels } from './tunnels.ts';
import type { Upload } from './upload.ts';

/** A request that has not yet got all of its answer. */
export interface UnderWay extends ActiveMember {
  readonly client: Pick<Client, 'abort' | 'isBlocked' | 'flushHead'>;
  readonly upload: Pick<Upload, 'received' | 'isAwaited'> | undefined;
  readonly attempt: Pick<ResponseRelay, 'isStarted' | 'patienceMs' | 'expire'> | undefined;
  readonly bytesSent: number;
  /** Answers by itself, or, where an answer has begun, breaks it off. */
  refuse(refusal: Refusal): void;
}

/**
 * What all requests work with. A change of the configuration makes another one; requests under way keep
 * theirs.
 */
export interface Context {
  readonly routes: RouteTable;
  readonly identity: Identity;
  readonly limits: GatewayConfig['limits'];
  readonly timeouts: GatewayConfig['timeouts'];
  readonly totals: Totals;
  readonly log: GatewayLog;
  readonly ids: RequestIds;
  /** Requests under way, for whoever looks after those that do not move. */
  readonly exchanges: ActiveSet<UnderWay>;
  /** Upgrades and tunnels under way. */
  readonly tunnels: Tunnels;
}
