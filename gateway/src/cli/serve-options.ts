// The options of the command `serve`, and the configuration that they make.
import type { StrategyAlias, StrategyName } from 'evenkeel';
import type { GatewayConfigInput } from '../config/schema.ts';
import { UsageError } from './exit-code.ts';

/** Values of `--log-level`. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
/** Values of `--log-format`. */
export const LOG_FORMATS = ['json', 'pretty'] as const;
/** The largest value of `--workers`. */
export const MAX_WORKERS = 64;

/** The options of `serve`. */
export interface ServeOptions {
  readonly config?: string;
  readonly backend?: readonly string[];
  readonly port?: number;
  readonly host?: string;
  readonly strategy?: StrategyName | StrategyAlias;
  /** The path of health checks; `false` for none. */
  readonly health?: string | false;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly adminPort?: number;
  readonly workers?: number;
  readonly logLevel?: (typeof LOG_LEVELS)[number];
  readonly logFormat?: (typeof LOG_FORMATS)[number];
  readonly accessLog: boolean;
}

const DEFAULT_PORT = 8080;
/** Options that a configuration file replaces. */
const INSTEAD_OF_FILE = {
  backend: '--backend',
  port: '--port',
  host: '--host',
  strategy: '--strategy',
  health: '--health or --no-health',
  tlsCert: '--tls-cert',
  tlsKey: '--tls-key',
} as const;

/** @throws UsageError if options are missing or exclude each other */
export function checkServeOptions(options: ServeOptions): void {
  const { config, backend, tlsCert, tlsKey } = options;
  const file = backend?.find((text) => /\.(?:ya?ml|json)$/i.test(text));
  if (file !== undefined) throw new UsageError(`serve takes its file by an option: -c ${file}`);
  const given = Object.entries(INSTEAD_OF_FILE).filter(
    ([key]) => options[key as keyof typeof INSTEAD_OF_FILE] !== undefined,
  );
  if (config !== undefined && given.length > 0) {
    const names = given.map(([, name]) => name).join(', ');
    throw new UsageError(`${names} cannot go with --config: say it in the file`);
  }
  if (config === undefined && backend === undefined)
    throw new UsageError('serve needs a configuration (-c FILE) or at least one --backend URL');
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new UsageError('--tls-cert and --tls-key need each other');
}

/** A configuration of options alone: one pool that gets every request. */
export function configOf(options: ServeOptions): GatewayConfigInput {
  const { host, port = DEFAULT_PORT, tlsCert, tlsKey, backend = [], strategy, health } = options;
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : { certificates: [{ cert: tlsCert, key: tlsKey }] };
  return {
    listeners: [{ host, port, tls }],
    pools: {
      default: {
        backends: backend,
        strategy,
        health: typeof health === 'string' ? { request: { path: health } } : health,
      },
    },
  };
}

/** Options that override a configuration file. */
export function withOverrides<T extends GatewayConfigInput>(config: T, options: ServeOptions): T {
  const { adminPort, workers, logLevel, logFormat, accessLog } = options;
  const log = { ...config.log };
  if (logLevel !== undefined) log.level = logLevel;
  if (logFormat !== undefined) log.format = logFormat;
  if (!accessLog) log.access = false;
  const overridden = { ...config, log };
  if (workers !== undefined) overridden.workers = workers;
  if (adminPort !== undefined) overridden.admin = { ...config.admin, port: adminPort };
  return overridden;
}
