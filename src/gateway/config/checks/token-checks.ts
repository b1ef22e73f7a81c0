import type { GatewayConfig } from '../schema.ts';

/** Below this, a token could be found by trying. */
const MIN_CHARACTERS = 16;

/** What is wrong with a bearer token; nothing is said of one that is still to be read. */
export function tokenProblems(token: NonNullable<GatewayConfig['admin']>['token'], where: string): string[] {
  if (typeof token !== 'string') return [];
  if (token.length < MIN_CHARACTERS) {
    return [`${where} must have at least ${MIN_CHARACTERS} characters, got ${token.length}`];
  }
  return /^[!-~]+$/.test(token) ? [] : [`${where} must have no spaces and only ASCII characters`];
}
