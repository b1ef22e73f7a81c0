// The command `serve`.
import { systemEnv } from 'evenkeel';
import { type ConfigWatch, watchConfigFile } from '../config/config-watch.ts';
import { handOverProblems, needsNoPort } from '../config/handed-over.ts';
import type { Gateway, GatewayLog, ListeningAddress } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { ReverseProxy } from '../reverse-proxy.ts';
import { resolveShared, type SharedConfig } from '../workers/shared-config.ts';
import { type ConfigSource, serveSource } from './config-source.ts';
import { configWarnings } from './config-warnings.ts';
import { surviveFaults } from './faults.ts';
import type { Io } from './io.ts';
import { LifeCycle } from './life-cycle.ts';
import { FILE_CHANGE, Reloads } from './reloads.ts';
import type { ServeOptions } from './serve-options.ts';

/** A gateway in one process or in several. */
interface ServedGateway extends Pick<Gateway, 'listen' | 'close'> {
  reload(config: SharedConfig): Promise<void>;
}

/** Makes a gateway, which does not serve yet. */
type OpenGateway = (config: SharedConfig, log: GatewayLog) => ServedGateway;

/** The oldest Node release line that gets security fixes. */
const OLDEST_MAJOR = 22;

const openHere: OpenGateway = (config, log) => new ReverseProxy(config, { log }, resolveShared);

/**
 * Makes a gateway in this process, or one in each of several workers. What is loaded for it is loaded before
 * the configuration is read: a change after that must be seen.
 */
async function openerFor({ config: file, workers = 1 }: ServeOptions): Promise<OpenGateway> {
  if (file === undefined && workers <= 1) return openHere;
  const { ClusterGateway } = await import('../workers/cluster-gateway.ts');
  const { forkWorker } = await import('../workers/node-worker.ts');
  return (config, log) =>
    config.workers > 1 ? new ClusterGateway(config, { fork: forkWorker, log }) : openHere(config, log);
}

/**
 * Runs a gateway until a signal stops it.
 * @returns the exit code
 * @throws UsageError, or ConfigError with one line for each mistake; nothing is left running then
 */
export async function serve(options: ServeOptions, io: Io, openGateway?: OpenGateway): Promise<number> {
  const source = serveSource(options);
  const open = openGateway ?? (await openerFor(options));
  const usable = await source.read();
  const problems = handOverProblems(usable.config, io.env, process.pid);
  if (problems.length > 0) throw new ConfigError(problems);
  const log = io.openLog(usable.config.log);
  const gateway = open(usable.config, log);
  const reloads = new Reloads(source, usable, gateway, log);
  // Without a file to read again, SIGHUP keeps its usual meaning: the terminal is gone.
  const isHangUp = source.file === undefined && io.isTerminal === true;
  const reload = isHangUp ? undefined : () => void reloads.reload('SIGHUP');
  const life = new LifeCycle({ gateway, log, process: io.process, env: systemEnv, reload });
  // Watches from now on, so that a change while the gateway opens is seen.
  const watch = watchSource(source, reloads, log);
  try {
    const started = await Promise.race([reloads.start(() => gateway.listen()), life.ended]);
    if (typeof started === 'number') return started;
    surviveFaults(io.process, () => log, systemEnv);
    tellStart(started, usable.config, log);
    for (const warning of [...nodeWarnings(io.nodeVersion), ...configWarnings(usable.config)])
      log.warn({}, warning);
    return await life.ended;
  } catch (error) {
    // A gateway that is closed while it opens may fail to open.
    if (!life.isStopping) throw error;
    return await life.ended;
  } finally {
    watch?.close();
    life.dispose();
  }
}

/** Certificate files of options are watched as well. */
function watchSource({ file }: ConfigSource, reloads: Reloads, log: GatewayLog): ConfigWatch | undefined {
  const first = file ?? reloads.files[0];
  if (first === undefined) return undefined;
  return watchConfigFile(first, () => reloads.reload(FILE_CHANGE), {
    files: () => reloads.files,
    onError: (error) => log.error({ error }, 'the configuration file cannot be watched'),
  });
}

function tellStart(addresses: readonly ListeningAddress[], config: SharedConfig, log: GatewayLog): void {
  const { listeners, workers } = config;
  for (const [i, { protocol, host, port }] of addresses.entries()) {
    const authority = needsNoPort(host) ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const url = `${protocol}://${authority}`;
    const isAdmin = i >= listeners.length;
    log.info({ url, workers }, isAdmin ? `operators come in at ${url}` : `listening on ${url}`);
  }
}

function nodeWarnings(version: string): string[] {
  return Number.parseInt(version, 10) >= OLDEST_MAJOR
    ? []
    : [`Node ${version} is past its end of life and has known holes: use Node ${OLDEST_MAJOR} or later`];
}
