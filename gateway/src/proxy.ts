// A proxy without listeners, which the adapters for Express and Fastify use.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkBag, checkRule, isObject, type Rule } from 'evenkeel/internal';
import { resolveInput } from './config/resolve-input.ts';
import type { GatewayConfigInput } from './config/schema.ts';
import type { Control, GatewayStats } from './contracts.ts';
import { Engine } from './engine.ts';
import { type GatewayParts, PARTS } from './gateway-parts.ts';
import { MountedServer } from './listeners/mounted-server.ts';
import { SILENT } from './observation/silent-log.ts';
import { defined } from './upstream/pool-options.ts';

/** The configuration of a {@link NodeProxy}: a pool, and the gateway settings that concern requests. */
export type NodeProxyConfig = GatewayConfigInput['pools'][string] &
  Pick<GatewayConfigInput, 'limits' | 'trustedProxies' | 'name'> & {
    /** The gateway's `timeouts`, which limit clients. Those of the pool limit backends. */
    readonly clientTimeouts?: GatewayConfigInput['timeouts'];
  };

/** A gateway without listeners, for servers of the host. */
export interface NodeProxy {
  /**
   * Passes a request on and sends the response, unless the client has left or already got a response. The
   * body must not have been read.
   */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Opens a tunnel for a WebSocket or another upgrade. Takes the arguments of a server's event `upgrade`. */
  upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): void;
  stats(): GatewayStats;
  readonly control: Control;
  /** Ends health checks, connections and requests in progress. */
  close(): void;
}

const A_CONFIGURATION: Rule = {
  words: "the configuration of a pool, such as { backends: ['http://10.0.0.1:8080'] }",
  holds: isObject,
};

/** @throws ConfigError if the configuration is invalid */
export function createProxy(config: NodeProxyConfig, parts: GatewayParts = {}): NodeProxy {
  checkBag(parts, PARTS, '', 'createProxy');
  checkRule(A_CONFIGURATION, config, 'config');
  const { limits, clientTimeouts: timeouts, trustedProxies, name, ...pool } = config;
  const own = defined({ limits, timeouts, trustedProxies, name });
  const input = { listeners: [{ port: 0 }], pools: { proxy: pool }, ...own };
  const { log = SILENT, baseDir = process.cwd(), ...shared } = parts;
  const { config: resolved, warnings } = resolveInput(input, { baseDir });
  for (const warning of warnings) log.warn({}, warning);
  const engine = new Engine(resolved, log, () => ({ open: 0, accepted: 0, refused: 0 }), shared);
  const server = new MountedServer(() => engine.context);
  engine.start();
  let isClosed = false;
  return {
    handle(request, response) {
      // Skip ended requests: node:http will not emit `close` again, so their lease would leak.
      if (!request.socket.destroyed && !response.writableEnded) server.take(request, response);
    },
    upgrade(request, socket, first) {
      // After the end of the proxy nothing would close the tunnel.
      if (isClosed) socket.destroy();
      else if (!socket.destroyed) server.upgrade(request, socket, first);
    },
    stats: () => engine.stats(),
    control: engine.control,
    close() {
      isClosed = true;
      engine.destroy();
    },
  };
}
