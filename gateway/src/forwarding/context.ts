// The context that all requests share.

import type { GatewayConfig } from '../config/schema.ts';
import type { GatewayLog } from '../contracts.ts';
import type { Refusal } from '../local-reply/refusal.ts';
import type { Client } from '../message/client.ts';
import type { ClientCounts } from '../message/client-counts.ts';
import type { Identity } from '../message/forwarded-headers.ts';
import type { Totals } from '../observation/totals.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { ActiveMember, ActiveSet } from './active-set.ts';
import type { FlushQueue } from './flush-queue.ts';
import type { RequestIds } from './request-ids.ts';
import type { ResponseRelay } from './response-relay.ts';
import type { Tunnels } from './tunnels.ts';
import type { Upload } from './upload.ts';

/** A request whose response is not complete. */
export interface UnderWay extends ActiveMember {
  readonly client: Pick<Client, 'abort' | 'isBlocked' | 'flushHead'>;
  readonly upload: Pick<Upload, 'received' | 'isAwaited'> | undefined;
  readonly attempt: Pick<ResponseRelay, 'isStarted' | 'patienceMs' | 'expire'> | undefined;
  readonly bytesSent: number;
  /** Sends the request to another backend if its own has fallen ill before the head of a response. */
  moveOn(): void;
  /** Sends a response of the gateway, or breaks the response off if it has begun. */
  refuse(refusal: Refusal): void;
}

/**
 * The context of requests. A reload creates another one; requests in progress keep theirs.
 */
export interface Context {
  readonly routes: RouteTable;
  readonly identity: Identity;
  readonly limits: GatewayConfig['limits'];
  readonly timeouts: GatewayConfig['timeouts'];
  readonly paths: GatewayConfig['paths'];
  /** The name of the listener that requests come in at; `undefined` if it has none. */
  readonly listener: string | undefined;
  readonly totals: Totals;
  readonly log: GatewayLog;
  readonly ids: RequestIds;
  /** Requests in progress, among which the stall watch finds stalled ones. */
  readonly exchanges: ActiveSet<UnderWay>;
  /** Requests in progress by client; those of clients without a limit are not in it. */
  readonly clients: ClientCounts;
  readonly flushes: FlushQueue;
  /** Upgrades and tunnels in progress. */
  readonly tunnels: Tunnels;
}
