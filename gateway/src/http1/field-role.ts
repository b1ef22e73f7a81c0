// Names of fields that a connection or a proxy acts on. A parser recognises them by a hash that it computes
// while it reads the name, so that no name becomes a string for a look-up.

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

/** What a hash begins with, and what it is multiplied by for each character (FNV-1a). */
export const HASH_SEED = -2_128_831_035;
export const HASH_PRIME = 16_777_619;

const SLOTS = 256;
/** By slot. A name whose slot is taken has the next free one. */
const hashes = new Int32Array(SLOTS);
const roles = new Uint8Array(SLOTS);
const names: string[] = new Array<string>(SLOTS).fill('');

const slotOf = (hash: number) => (hash ^ (hash >>> 15)) & (SLOTS - 1);

for (const [name, role] of ROLES) {
  let hash = HASH_SEED;
  for (let index = 0; index < name.length; index++)
    hash = Math.imul(hash ^ name.charCodeAt(index), HASH_PRIME);
  let slot = slotOf(hash);
  while (roles[slot] !== ROLE.ORDINARY) slot = (slot + 1) & (SLOTS - 1);
  hashes[slot] = hash;
  roles[slot] = role;
  names[slot] = name;
}

/**
 * The role of a name. O(length) for a name with a role, expected O(1) for others.
 * @param hash - of the name, with each character as {@link NAME} has it
 */
export function roleOf(bytes: Uint8Array, from: number, to: number, hash: number): Role {
  const role = listedRole(bytes, from, to, hash);
  // Nearly all other names end at the first letter.
  if (role !== ROLE.ORDINARY || NAME[bytes[from] as number] !== X || !isForwarded(bytes, from, to))
    return role;
  return ROLE.X_FORWARDED_OTHER;
}

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

function listedRole(bytes: Uint8Array, from: number, to: number, hash: number): Role {
  for (let slot = slotOf(hash); roles[slot] !== ROLE.ORDINARY; slot = (slot + 1) & (SLOTS - 1)) {
    if (hashes[slot] === hash) return verified(bytes, from, to, slot);
  }
  return ROLE.ORDINARY;
}

/** A client can choose names with the hash of another one. */
function verified(bytes: Uint8Array, from: number, to: number, slot: number): Role {
  const name = names[slot] as string;
  if (name.length !== to - from) return ROLE.ORDINARY;
  let isDisguised = false;
  for (let index = 0; index < name.length; index++) {
    const octet = bytes[from + index] as number;
    if (octet === 95) isDisguised = true;
    if (NAME[octet] !== name.charCodeAt(index)) return ROLE.ORDINARY;
  }
  const role = roles[slot] as Role;
  if (!isDisguised) return role;
  return role < ROLE.DISGUISED ? ROLE.DISGUISED : ROLE.ORDINARY;
}
