import type { GatewayConfig } from '../config/schema.ts';
import type { GatewayLog } from '../contracts.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { Tunnels } from '../tunnels/tunnels.ts';
import type { Exchange } from './exchange.ts';
import type { Identity } from './forwarded-headers.ts';
import type { RequestIds } from './request-ids.ts';
import type { Totals } from './totals.ts';

/** What all requests work with. A change of the configuration makes another one; requests under way keep theirs. */
export interface Context {
  readonly routes: RouteTable;
  readonly identity: Identity;
  readonly limits: GatewayConfig['limits'];
  readonly timeouts: GatewayConfig['timeouts'];
  readonly totals: Totals;
  readonly log: GatewayLog;
  readonly ids: RequestIds;
  /** Requests under way, for whoever looks after those that do not move. */
  readonly exchanges: Set<Exchange>;
  /** Upgrades and tunnels under way. */
  readonly tunnels: Tunnels;
}
