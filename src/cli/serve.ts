import { watchConfigFile } from '../gateway/config/config-watch.ts';
import type { GatewayConfig } from '../gateway/config/schema.ts';
import type { Gateway, GatewayLog, ListeningAddress } from '../gateway/contracts.ts';
import { createGateway } from '../gateway/gateway.ts';
import { ClusterGateway } from '../gateway/workers/cluster-gateway.ts';
import { forkWorker } from '../gateway/workers/node-worker.ts';
import { systemEnv } from '../index.ts';
import { serveSource } from './config-source.ts';
import { surviveFaults } from './faults.ts';
import type { Io } from './io.ts';
import { untilStopped } from './life-cycle.ts';
import { Reloads } from './reloads.ts';
import type { ServeOptions } from './serve-options.ts';

/** One process that serves, or many. */
type ServedGateway = Omit<Gateway, 'stats'>;

/** The oldest release that still gets security fixes. */
const OLDEST_MAJOR = 22;

/** One gateway in this process, or one in each of several workers. */
function openGateway(config: GatewayConfig, log: GatewayLog): ServedGateway {
  return config.workers > 1
    ? new ClusterGateway(config, { fork: forkWorker, log })
    : createGateway(config, { log });
}

/**
 * Runs a gateway until a signal stops it.
 * @returns the exit code
 * @throws UsageError, or ConfigError with one line for each mistake; nothing is left running then
 */
export async function serve(options: ServeOptions, io: Io, open = openGateway): Promise<number> {
  const source = serveSource(options);
  const usable = source.read();
  const log = io.openLog(usable.config.log);
  const gateway = open(usable.config, log);
  const addresses = await gateway.listen();
  surviveFaults(io.process, () => log, systemEnv);
  tellStart(addresses, usable.config, log);
  for (const warning of [...nodeWarnings(io.nodeVersion), ...usable.warnings]) log.warn({}, warning);
  const reloads = new Reloads(source, usable, gateway, log);
  const { file } = source;
  const watch =
    file === undefined
      ? undefined
      : watchConfigFile(file, () => reloads.reload('file change'), {
          files: () => reloads.files,
          onError: (error) => log.error({ error }, 'the configuration file cannot be watched'),
        });
  const reload = () => void reloads.reload('SIGHUP');
  const code = await untilStopped({ gateway, log, process: io.process, env: systemEnv, reload });
  watch?.close();
  return code;
}

function tellStart(
  addresses: readonly ListeningAddress[],
  { workers }: GatewayConfig,
  log: GatewayLog,
): void {
  for (const { protocol, host, port } of addresses) {
    const url = `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`;
    log.info({ protocol, host, port, workers }, `listening on ${url}`);
  }
}

function nodeWarnings(version: string): string[] {
  return Number.parseInt(version, 10) >= OLDEST_MAJOR
    ? []
    : [`Node ${version} is past its end of life and has known holes: use Node ${OLDEST_MAJOR} or later`];
}
