// The gateway, for those who have its configuration as an object of theirs.
import { checkBag } from 'evenkeel/internal';
import { resolveInput } from './config/resolve-input.ts';
import type { GatewayConfigInput } from './config/schema.ts';
import type { Gateway } from './contracts.ts';
import { type GatewayParts, PARTS } from './gateway-parts.ts';
import { ReverseProxy } from './reverse-proxy.ts';

/**
 * Creates a reverse proxy. It opens no listener and checks no backend before `listen`.
 * @throws ConfigError if the configuration is invalid, TypeError if a part is
 */
export function createGateway(config: GatewayConfigInput, parts: GatewayParts = {}): Gateway {
  checkBag(parts, PARTS, '', 'createGateway');
  return new ReverseProxy(config, parts, resolveInput);
}
