import { readdirSync } from 'node:fs';
import type { GatewayConfigInput } from '../../gateway/src/config/schema.ts';
import { createGateway } from '../../gateway/src/gateway.ts';
import { pinoLog } from '../../gateway/src/observation/pino-log.ts';
import { usedBytes } from '../heap.ts';
import type { GatewayFigures } from './figures.ts';

// A gateway in a process of its own. Its configuration is the only argument; it responds to each message with
// its figures.
const config: GatewayConfigInput = JSON.parse(process.argv[2] as string);
const isSilent = config.log?.level === 'silent';
const gateway = createGateway(
  config,
  isSilent ? {} : { log: pinoLog({ level: 'info', access: true, format: 'json' }) },
);
const addresses = await gateway.listen();

process.on('message', async () => process.send?.(await figures()));
process.on('disconnect', () => process.exit());
process.send?.(addresses.map(({ port }) => port));

async function figures(): Promise<GatewayFigures> {
  const { requests, tunnels, connections, pools, events } = gateway.stats();
  const backends = pools.flatMap((pool) => pool.backends);
  return {
    usedBytes: await usedBytes(),
    rssBytes: process.memoryUsage.rss(),
    files: readdirSync('/proc/self/fd').length,
    leases: pools.reduce((sum, { inFlight }) => sum + inFlight, 0),
    requests: requests.inFlight,
    tunnels: tunnels.open,
    connections: connections.open,
    ejections: events.filter(({ type }) => type === 'ejected').length,
    downs: events.filter(({ type }) => type === 'down').length,
    alive: backends.filter(({ alive }) => alive).length,
  };
}
