import type { GatewayConfigInput } from '../../../src/config/schema.ts';
import type { GatewayLog } from '../../../src/contracts.ts';
import { createGateway } from '../../../src/gateway.ts';
import type { Running, Target, TargetOptions } from '../target.ts';

const nothing = () => {};
const SILENT: GatewayLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function configOf({ backends, listener, pool, config, admin }: TargetOptions): GatewayConfigInput {
  return {
    log: { level: 'silent', access: false },
    ...config,
    ...(admin && { admin: { port: 0, ...admin } }),
    listeners: [{ host: '127.0.0.1', port: 0, ...listener }],
    pools: { ...config?.pools, main: { health: false, ...pool, backends: [...backends] } },
  };
}

async function start(options: TargetOptions): Promise<Running> {
  const gateway = createGateway(configOf(options), { log: options.log ?? SILENT });
  const [address, adminAddress] = await gateway.listen();
  return {
    port: address?.port as number,
    adminPort: adminAddress?.port,
    plain: options.listener?.tls === undefined,
    stats: () => gateway.stats(),
    reload: (change) => gateway.reload(configOf({ ...options, ...change })),
    stop: (graceMs = 0) => gateway.close(graceMs),
  };
}

/** The gateway of this project, in this process. */
export const evenkeel: Target = { name: 'evenkeel', own: true, http2: true, start };
