// Names of fields that a connection or a proxy acts on. A parser recognises them among its bytes, so that no
// name becomes a string for a look-up.

import { NAME } from './octets.ts';

/** The role of a field by its name. Any other name has the role 0. */
export const ROLE = {
  ORDINARY: 0,
  CONNECTION: 1,
  KEEP_ALIVE: 2,
  /** Of one connection, whatever the message (RFC 9110 section 7.6.1), or for the next proxy alone. */
  HOP: 3,
  TE: 4,
  TRAILER: 5,
  UPGRADE: 6,
  TRANSFER_ENCODING: 7,
  CONTENT_LENGTH: 8,
  HOST: 9,
  EXPECT: 10,
  VIA: 11,
  FORWARDED: 12,
  X_FORWARDED_FOR: 13,
  X_FORWARDED_PROTO: 14,
  X_FORWARDED_HOST: 15,
  /** Other fields that say where a request comes from. */
  X_FORWARDED_OTHER: 16,
  MAX_FORWARDS: 17,
  REQUEST_ID: 18,
  /**
   * One of the names above, spelled with an underscore for a hyphen: many applications take the one for the
   * other.
   */
  DISGUISED: 19,
  DATE: 20,
  WWW_AUTHENTICATE: 21,
  COOKIE: 22,
  ACCEPT: 23,
  AUTHORIZATION: 24,
  CONTENT_TYPE: 25,
} as const;

/** One of {@link ROLE}. */
export type Role = (typeof ROLE)[keyof typeof ROLE];

const ROLES: readonly (readonly [string, Role])[] = [
  ['connection', ROLE.CONNECTION],
  ['keep-alive', ROLE.KEEP_ALIVE],
  ['proxy-connection', ROLE.HOP],
  ['proxy-authenticate', ROLE.HOP],
  ['proxy-authorization', ROLE.HOP],
  ['http2-settings', ROLE.HOP],
  ['te', ROLE.TE],
  ['trailer', ROLE.TRAILER],
  ['upgrade', ROLE.UPGRADE],
  ['transfer-encoding', ROLE.TRANSFER_ENCODING],
  ['content-length', ROLE.CONTENT_LENGTH],
  ['host', ROLE.HOST],
  ['expect', ROLE.EXPECT],
  ['via', ROLE.VIA],
  ['forwarded', ROLE.FORWARDED],
  ['x-forwarded-for', ROLE.X_FORWARDED_FOR],
  ['x-forwarded-proto', ROLE.X_FORWARDED_PROTO],
  ['x-forwarded-host', ROLE.X_FORWARDED_HOST],
  ['x-forwarded-port', ROLE.X_FORWARDED_OTHER],
  ['x-forwarded-server', ROLE.X_FORWARDED_OTHER],
  ['x-real-ip', ROLE.X_FORWARDED_OTHER],
  ['max-forwards', ROLE.MAX_FORWARDS],
  ['x-request-id', ROLE.REQUEST_ID],
  ['date', ROLE.DATE],
  ['www-authenticate', ROLE.WWW_AUTHENTICATE],
  ['cookie', ROLE.COOKIE],
  ['accept', ROLE.ACCEPT],
  ['authorization', ROLE.AUTHORIZATION],
  ['content-type', ROLE.CONTENT_TYPE],
];

const SLOTS = 256;
/** By slot. A name whose slot is taken has the next free one. */
const roles = new Uint8Array(SLOTS);
const names: Uint8Array[] = [];

/**
 * A hash of a name, whatever its case, from 0 to 255: of its length and of three of its characters. O(1), as
 * nearly all names that share it differ in their length.
 */
export function nameHash(bytes: Uint8Array, from: number, to: number): number {
  const first = NAME[bytes[from] as number] as number;
  const middle = NAME[bytes[(from + to) >>> 1] as number] as number;
  const last = NAME[bytes[to - 1] as number] as number;
  return (first + middle * 5 + last * 11 + (to - from) * 3) & (SLOTS - 1);
}

for (const [name, role] of ROLES) {
  const bytes = Uint8Array.from(name, (char) => char.charCodeAt(0));
  let slot = nameHash(bytes, 0, bytes.length);
  while (roles[slot] !== ROLE.ORDINARY) slot = (slot + 1) & (SLOTS - 1);
  roles[slot] = role;
  names[slot] = bytes;
}

/** The role of a name. O(length) for a name with a role, expected O(1) for others. */
export function roleOf(bytes: Uint8Array, from: number, to: number): Role {
  const role = listedRole(bytes, from, to);
  // Nearly all other names end at the first letter.
  if (role !== ROLE.ORDINARY || NAME[bytes[from] as number] !== X || !isForwarded(bytes, from, to))
    return role;
  return ROLE.X_FORWARDED_OTHER;
}

const UNDERSCORE = 95;
/** `x` in lower case. */
const X = 120;
const FORWARDED = 'x-forwarded-';

/** Whether a name begins with `X-Forwarded-`: who may say what it says is decided with the whole head. */
function isForwarded(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < FORWARDED.length) return false;
  for (let index = 0; index < FORWARDED.length; index++)
    if (NAME[bytes[from + index] as number] !== FORWARDED.charCodeAt(index)) return false;
  return true;
}

function listedRole(bytes: Uint8Array, from: number, to: number): Role {
  for (let slot = nameHash(bytes, from, to); roles[slot] !== ROLE.ORDINARY; slot = (slot + 1) & (SLOTS - 1)) {
    const name = names[slot] as Uint8Array;
    if (name.length === to - from) {
      const role = verified(bytes, from, name, roles[slot] as Role);
      if (role !== ROLE.ORDINARY) return role;
    }
  }
  return ROLE.ORDINARY;
}

/** A client can choose names with the hash of another one. */
function verified(bytes: Uint8Array, from: number, name: Uint8Array, role: Role): Role {
  let isDisguised = false;
  for (let index = 0; index < name.length; index++) {
    const octet = bytes[from + index] as number;
    if (NAME[octet] !== name[index]) return ROLE.ORDINARY;
    if (octet === UNDERSCORE) isDisguised = true;
  }
  if (!isDisguised) return role;
  return role < ROLE.DISGUISED ? ROLE.DISGUISED : ROLE.ORDINARY;
}
