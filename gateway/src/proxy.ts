import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkBag } from 'evenkeel/internal';
import { readConfig } from './config/read-config.ts';
import { resolveConfig } from './config/resolve-config.ts';
import type { GatewayConfigInput } from './config/schema.ts';
import type { Control, GatewayStats } from './contracts.ts';
import { Engine } from './engine.ts';
import { type GatewayParts, PARTS } from './gateway.ts';
import { Http1Server } from './listeners/http1-server.ts';
import { SILENT } from './observation/silent-log.ts';
import { defined } from './upstream/pool-options.ts';

/** What a {@link NodeProxy} is told: one pool, and what of a gateway concerns requests. */
export type NodeProxyConfig = GatewayConfigInput['pools'][string] &
  Pick<GatewayConfigInput, 'limits' | 'trustedProxies' | 'name'> & {
    /** The gateway's `timeouts`: how long clients have; those of the pool say how long backends have. */
    readonly clientTimeouts?: GatewayConfigInput['timeouts'];
  };

/** A gateway without listeners, for servers that somebody else has opened. */
export interface NodeProxy {
  /**
   * Passes a request on and answers it, unless its client has left or has its answer. Its body must not have
   * been read.
   */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Opens a tunnel for a WebSocket or another upgrade: what `upgrade` of a server hands over. */
  upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): void;
  stats(): GatewayStats;
  readonly control: Control;
  /** Ends health checks and connections; requests under way are ended too. */
  close(): void;
}

/** @throws ConfigError where the configuration cannot be used */
export function createProxy(config: NodeProxyConfig, parts: GatewayParts = {}): NodeProxy {
  checkBag(parts, PARTS, '', 'createProxy');
  const { limits, clientTimeouts: timeouts, trustedProxies, name, ...pool } = config;
  const own = defined({ limits, timeouts, trustedProxies, name });
  const input = { listeners: [{ port: 0 }], pools: { proxy: pool }, ...own };
  const { log = SILENT, baseDir = process.cwd(), rateLimiter } = parts;
  const { config: resolved, warnings } = resolveConfig(readConfig(input), { baseDir });
  for (const warning of warnings) log.warn({}, warning);
  const engine = new Engine(resolved, log, () => ({ open: 0, accepted: 0, refused: 0 }), rateLimiter);
  const server = new Http1Server(() => engine.context);
  engine.start();
  let isClosed = false;
  return {
    handle(request, response) {
      // Of what has ended while somebody else had it, nobody tells once more.
      if (!request.socket.destroyed && !response.writableEnded) server.take(request, response);
    },
    upgrade(request, socket, first) {
      // Nobody would end its tunnel.
      if (isClosed) socket.destroy();
      else if (!socket.destroyed) server.upgrade(request, socket, first);
    },
    stats: () => engine.stats(),
    control: engine.control,
    close() {
      isClosed = true;
      engine.destroy();
      server.destroy();
    },
  };
}
