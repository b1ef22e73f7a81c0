// Checks the settings of the admin listener.
import { handedOver } from '../handed-over.ts';
import { isLoopback } from '../host-names.ts';
import type { GatewayConfig } from '../schema.ts';
import { shownValue } from '../shown-value.ts';

/** A shorter token could be guessed. */
const MIN_CHARACTERS = 16;

/** Mistakes of the admin listener, its address aside. */
export function adminProblems(admin: GatewayConfig['admin']): string[] {
  if (admin === undefined) return [];
  const { host, token } = admin;
  // Where a socket that was handed over listens is known when it is opened.
  const isOwn = isLoopback(host) || handedOver(host) !== undefined;
  if (token !== undefined || isOwn) return tokenProblems(token, 'admin.token');
  return [
    `admin.token is missing; it must be given where admin.host is not a loopback address, got ${shownValue(host)}`,
  ];
}

/** Mistakes of a bearer token; none for a token that is not read yet. */
export function tokenProblems(token: NonNullable<GatewayConfig['admin']>['token'], where: string): string[] {
  if (typeof token !== 'string') return [];
  if (token.length < MIN_CHARACTERS) {
    return [`${where} must have at least ${MIN_CHARACTERS} characters, got ${token.length}`];
  }
  return /^[!-~]+$/.test(token) ? [] : [`${where} must have no spaces and only ASCII characters`];
}
