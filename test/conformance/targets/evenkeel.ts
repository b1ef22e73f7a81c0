import { AdminServer } from '../../../src/gateway/admin/admin-server.ts';
import type { GatewayConfigInput } from '../../../src/gateway/config/schema.ts';
import type { Gateway, GatewayLog } from '../../../src/gateway/contracts.ts';
import { createGateway } from '../../../src/gateway/gateway.ts';
import type { Running, Target, TargetOptions } from '../target.ts';

const nothing = () => {};
const SILENT: GatewayLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function configOf({ backends, listener, pool, config }: TargetOptions): GatewayConfigInput {
  return {
    log: { level: 'silent', access: false },
    ...config,
    listeners: [{ host: '127.0.0.1', port: 0, ...listener }],
    pools: { ...config?.pools, main: { health: false, ...pool, backends: [...backends] } },
  };
}

function adminServer(gateway: Gateway, { admin, log = SILENT }: TargetOptions): AdminServer | undefined {
  if (admin === undefined) return undefined;
  const config = { host: '127.0.0.1', port: 0, dashboard: false, ...admin };
  return new AdminServer({ control: gateway.control, config, log, isReady: () => gateway.stats().ready });
}

async function start(options: TargetOptions): Promise<Running> {
  const gateway = createGateway(configOf(options), { log: options.log ?? SILENT });
  const [address] = await gateway.listen();
  const admin = adminServer(gateway, options);
  const adminAddress = await admin?.listen();
  let stopped: Promise<unknown> | undefined;
  return {
    port: address?.port as number,
    adminPort: adminAddress?.port,
    plain: options.listener?.tls === undefined,
    stats: () => gateway.stats(),
    reload: (change) => gateway.reload(configOf({ ...options, ...change })),
    stop: async (graceMs = 0) => {
      stopped ??= gateway.close(graceMs).then(() => admin?.close());
      await stopped;
    },
  };
}

/** The gateway of this project, in this process. */
export const evenkeel: Target = { name: 'evenkeel', own: true, http2: true, start };
