import { isLoopback } from '../host-names.ts';
import type { GatewayConfig } from '../schema.ts';
import { shownValue } from '../shown-value.ts';

/** Below this, a token could be found by trying. */
const MIN_CHARACTERS = 16;

/** What is wrong with the admin listener but for its address. */
export function adminProblems(admin: GatewayConfig['admin']): string[] {
  if (admin === undefined) return [];
  const { host, token } = admin;
  if (token !== undefined || isLoopback(host)) return tokenProblems(token, 'admin.token');
  return [
    `admin.token is missing; it must be given where admin.host is not a loopback address, got ${shownValue(host)}`,
  ];
}

/** What is wrong with a bearer token; nothing is said of one that is still to be read. */
export function tokenProblems(token: NonNullable<GatewayConfig['admin']>['token'], where: string): string[] {
  if (typeof token !== 'string') return [];
  if (token.length < MIN_CHARACTERS) {
    return [`${where} must have at least ${MIN_CHARACTERS} characters, got ${token.length}`];
  }
  return /^[!-~]+$/.test(token) ? [] : [`${where} must have no spaces and only ASCII characters`];
}
