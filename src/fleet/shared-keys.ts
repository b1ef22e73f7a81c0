// Balancers that agree where keys are: each tells the store where it has placed keys, and adopts what the
// others have placed first.

import type { Balancer } from '../balancer/balancer.ts';
import type { Placement, PlacementRecall } from '../balancer/placement.ts';
import { type Env, systemEnv } from '../env.ts';
import { bag, checkBag } from '../options/bag.ts';
import { anEnv } from '../options/env-bag.ts';
import { aFunction, anObjectWith, aText, aTimeout, checkRule } from '../options/rule.ts';
import type { Claim, FleetStore, Held } from './fleet-store.ts';
import { FollowedSpace } from './followed-space.ts';

/** Settings of {@link shareKeys}. */
export interface ShareKeysOptions {
  /** Name of the pool: balancers of one name and one fingerprint agree. @defaultValue `'default'` */
  readonly pool?: string;
  /** How long the store keeps a key that no request asks for, in milliseconds. @defaultValue 600,000 */
  readonly ttlMs?: number;
  /** How long placements are collected before they are told, in milliseconds. @defaultValue 50 */
  readonly batchMs?: number;
  /** Gets one line when the store is away, and one when it is back. @defaultValue none */
  readonly report?: (line: string) => void;
  readonly env?: Partial<Env>;
}

/** Figures of {@link SharedKeys}. */
export interface SharedKeysStats {
  /** The fingerprint of the balancer when it last joined; empty before. */
  readonly fingerprint: string;
  /** Whether the store answers, and tells what others place. */
  readonly connected: boolean;
  /** Keys that are shared now. */
  readonly keys: number;
  /** Of these, how many wait to be told. */
  readonly waiting: number;
  /** Calls of the store, and how many of them failed. */
  readonly calls: number;
  readonly failures: number;
  /** Keys that went where another balancer had placed them first. */
  readonly adopted: number;
}

/** A balancer that shares its keys. */
export interface SharedKeys {
  stats(): SharedKeysStats;
  /** Ends it; the balancer goes on by itself. */
  close(): void;
}

const OPTIONS = bag<ShareKeysOptions>({
  pool: aText,
  ttlMs: aTimeout,
  batchMs: aTimeout,
  report: aFunction,
  env: anEnv,
});

/** More keys are not shared. */
const MAX_KEYS = 65_536;
const RECENT_MASK = 0x3ff;
/** So many fields go into one call. */
const BATCH = 500;
/**
 * Keys at home may wait so many times longer: others put them there by themselves, unless they have no room.
 * They go along with those that may not.
 */
const HOME_WAIT = 4;
/** After a call that failed, the next one waits so long, or up to half less or more. */
const AGAIN_MS = 500;
/** Balancers that do not agree which backends are up replace each other's places no more often. */
const REPLACE_MS = 1_000;

/**
 * Makes balancers in several processes agree where each key is, without making any request wait: a key is
 * where the balancer placed it that told the store first, and the others adopt that within about 100 ms.
 * While the store is away, each goes on by itself, and tells on return what it has placed.
 *
 * Keys of strategies with a bound on keys are shared; the others agree by themselves, or have no keys. What
 * is told are hashes of keys and ids of backends.
 * @param store - such as {@link redisFleet}
 * @throws TypeError or RangeError that names the argument or option; Error if its keys are shared already
 * @example `shareKeys(balancer, redisFleet({ client: new Redis() }), { pool: 'shop' })`
 */
export function shareKeys<R>(
  balancer: Balancer<R>,
  store: FleetStore,
  options: ShareKeysOptions = {},
): SharedKeys {
  checkRule(anObjectWith('onPlaced', 'adopt'), balancer, 'balancer');
  checkRule(anObjectWith('claim', 'load', 'listen'), store, 'store');
  checkBag(options, OPTIONS, 'shareKeys');
  return new Sharing(balancer as Balancer<unknown>, store, options);
}

/** A key whose place is shared. */
interface SharedKey {
  readonly field: string;
  readonly fingerprint: number;
  backend: string;
  /** The backend that it is to leave, where its place has moved. */
  instead: string | undefined;
  /** Whether it had a lease since it was last prolonged. */
  isUsed: boolean;
  /** Whether it waits to be told. */
  waits: boolean;
  /** For how many rounds it was not used. */
  idle: number;
  /** When its backend was replaced last because that cannot serve here. */
  replacedAt: number;
}

/** Keys that are placed among the same backends, by position. */
type Keys = Map<number, SharedKey>;

class Sharing implements SharedKeys {
  readonly #balancer: Balancer<unknown>;
  readonly #store: FleetStore;
  readonly #pool: string;
  readonly #ttlMs: number;
  readonly #batchMs: number;
  readonly #env: Env;
  readonly #report: (line: string) => void;
  readonly #ends: (() => void)[] = [];
  #fingerprint = '';
  /** Of the fingerprint. */
  #space: FollowedSpace;
  #isAway = false;
  /** By tier and the backend that they are away from. */
  #keys = new Map<string, Keys>();
  /** The same by tier, of those that are away from none. */
  #home = new Map<object, Keys>();
  /** Keys that had leases just now, by position: nearly all leases find theirs here. */
  readonly #recent: ({ position: number; tier: object; key: SharedKey } | undefined)[] = Array(
    RECENT_MASK + 1,
  ).fill(undefined);
  #waiting: SharedKey[] = [];
  #isSending = false;
  #size = 0;
  #calls = 0;
  #failures = 0;
  #adopted = 0;
  #cancelSend: (() => void) | undefined;
  /** After a call that failed. */
  #restsUntil = Number.NEGATIVE_INFINITY;
  /** When it is to send. */
  #sendAt = 0;
  #cancelRound = () => {};

  constructor(balancer: Balancer<unknown>, store: FleetStore, options: ShareKeysOptions) {
    const { pool = 'default', ttlMs = 600_000, batchMs = 50, report = () => {}, env } = options;
    this.#balancer = balancer;
    this.#store = store;
    this.#pool = pool;
    this.#ttlMs = ttlMs;
    this.#batchMs = batchMs;
    this.#report = report;
    this.#env = { ...systemEnv, ...env };
    const recall: PlacementRecall = (position, fingerprint, tier) => {
      const key = this.#home.get(tier)?.get(position);
      return key?.fingerprint === fingerprint ? key.backend : undefined;
    };
    this.#ends.push(balancer.onPlaced((placement) => this.#placed(placement), recall));
    this.#ends.push(
      balancer.subscribe(({ type }) => {
        if (type === 'added' || type === 'removed') this.#sendSoon();
      }),
    );
    this.#space = this.#enter(balancer.fingerprint);
    this.#nextRound();
  }

  stats(): SharedKeysStats {
    return {
      fingerprint: this.#fingerprint,
      connected: this.#space.isJoined && !this.#isAway,
      keys: this.#size,
      waiting: this.#waiting.length,
      calls: this.#calls,
      failures: this.#failures,
      adopted: this.#adopted,
    };
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#cancelSend?.();
    this.#cancelRound();
    this.#space.close();
  }

  /** A key has got a lease. */
  #placed(placement: Placement): void {
    const { position, fingerprint } = placement;
    const { id: backend } = placement.owner as { readonly id: string };
    const recent = this.#recent[position & RECENT_MASK];
    if (
      recent?.key.isUsed === true &&
      recent.position === position &&
      recent.key.fingerprint === fingerprint &&
      recent.key.backend === backend &&
      recent.tier === placement.tier &&
      placement.origin === undefined
    )
      return;
    const { before, origin, tier } = placement;
    const keys = origin === undefined ? this.#home.get(tier) : undefined;
    const key = (keys ?? this.#keysOf(placement)).get(position);
    if (key === undefined) this.#add(placement, backend);
    // Two keys at one position: the first one is shared.
    else if (key.fingerprint !== fingerprint) return;
    else {
      key.isUsed = true;
      if (key.backend !== backend) this.#differs(key, position, backend, before?.id, origin?.id);
    }
    if (origin === undefined) {
      if (key !== undefined) this.#recent[position & RECENT_MASK] = { position, tier, key };
      return;
    }
    // The others may see that its place can serve again.
    const own = this.#home.get(tier)?.get(position);
    if (own?.fingerprint === fingerprint && own.backend === origin.id)
      this.#balancer.adopt(position, fingerprint, origin.id);
  }

  #keysOf({ tier: { zone, backup }, tier, origin }: Pick<Placement, 'tier' | 'origin'>): Keys {
    const keys = this.#keysAt(placeOf(zone, backup, origin?.id));
    if (origin === undefined) this.#home.set(tier, keys);
    return keys;
  }

  #keysAt(place: string): Keys {
    let keys = this.#keys.get(place);
    if (keys === undefined) this.#keys.set(place, (keys = new Map()));
    return keys;
  }

  #add(placement: Placement, backend: string): void {
    if (this.#size >= MAX_KEYS) return;
    const { position, fingerprint, origin, tier } = placement;
    const field = JSON.stringify([position, fingerprint, tier.zone ?? 0, tier.backup, origin?.id ?? 0]);
    const key = aKey(field, fingerprint, backend, true);
    this.#keysOf(placement).set(position, key);
    this.#size++;
    this.#tell(key, placement.isAtHome ? HOME_WAIT * this.#batchMs : this.#batchMs);
  }

  /** The balancer has placed a key elsewhere than it is shared. */
  #differs(
    key: SharedKey,
    position: number,
    backend: string,
    before: string | undefined,
    origin: string | undefined,
  ): void {
    if (key.waits) key.backend = backend;
    // It has moved by the rules, such as to a home that has come.
    else if (before === key.backend) this.#move(key, backend);
    else if (!this.#balancer.adopt(position, key.fingerprint, key.backend, origin)) {
      // Where it is shared cannot serve, though the key was elsewhere when that was told.
      const now = this.#env.clock.now();
      if (now - key.replacedAt < REPLACE_MS) return;
      key.replacedAt = now;
      this.#move(key, backend);
    }
  }

  #move(key: SharedKey, backend: string): void {
    key.instead = key.backend;
    key.backend = backend;
    this.#tell(key);
  }

  #tell(key: SharedKey, withinMs = this.#batchMs): void {
    if (!key.waits) {
      key.waits = true;
      this.#waiting.push(key);
    }
    this.#sendSoon(withinMs);
  }

  #sendSoon(withinMs = this.#batchMs): void {
    const { clock, timers } = this.#env;
    const now = clock.now();
    const at = Math.max(now + withinMs, this.#restsUntil);
    if (this.#cancelSend !== undefined && this.#sendAt <= at) return;
    this.#cancelSend?.();
    this.#sendAt = at;
    this.#cancelSend = timers.schedule(() => void this.#send(), at - now, true);
  }

  /** Never rejects. */
  async #send(): Promise<void> {
    this.#cancelSend = undefined;
    if (this.#isSending) return this.#sendSoon();
    const { fingerprint } = this.#balancer;
    if (fingerprint !== this.#fingerprint) {
      this.#space.close();
      this.#space = this.#enter(fingerprint);
    }
    if (!this.#space.isJoined || this.#waiting.length === 0) return;
    // What another one has told meanwhile need not be told.
    const batch = this.#waiting.splice(0, BATCH).filter(({ waits }) => waits);
    if (batch.length === 0) {
      if (this.#waiting.length > 0) this.#sendSoon();
      return;
    }
    const claims = batch.map(({ field, backend, instead }): Claim => ({ field, value: backend, instead }));
    for (const key of batch) key.waits = false;
    this.#isSending = true;
    const space = this.#space;
    try {
      const call = () => this.#counted(this.#store.claim(this.#name, claims, this.#ttlMs));
      const held = await space.ask(call);
      if (held !== undefined) {
        this.#answers();
        this.#hear(held);
      }
    } catch (error) {
      if (space === this.#space) {
        this.#away(error);
        for (const key of batch) this.#tell(key);
      }
    }
    this.#isSending = false;
    if (this.#waiting.length > 0) this.#sendSoon();
  }

  get #name(): string {
    return `${this.#pool}:${this.#fingerprint}`;
  }

  /** Joins the space of a fingerprint. What was told in another one is told again when it is used. */
  #enter(fingerprint: string): FollowedSpace {
    this.#fingerprint = fingerprint;
    this.#forget();
    return new FollowedSpace(
      {
        load: (name) => this.#counted(this.#store.load(name)),
        listen: (...args) => this.#store.listen(...args),
      },
      this.#name,
      {
        heard: (held) => this.#hear(held),
        joined: (fields) => this.#joined(fields),
        lost: (error) => this.#away(error),
      },
      this.#env,
      AGAIN_MS,
    );
  }

  #forget(): void {
    this.#recent.fill(undefined);
    const waiting = new Set(this.#waiting);
    this.#size = 0;
    for (const keys of this.#keys.values()) {
      // What has been placed since the change.
      for (const [position, key] of keys) {
        if (waiting.has(key)) key.instead = undefined;
        else keys.delete(position);
      }
      this.#size += keys.size;
    }
  }

  /** Tells what others do not know. */
  #joined(known: ReadonlySet<string>): void {
    for (const keys of this.#keys.values())
      for (const key of keys.values()) if (!known.has(key.field)) this.#tell(key);
    // It may let be read and not be written.
    if (this.#waiting.length > 0) this.#sendSoon();
    else this.#answers();
  }

  #hear(held: readonly Held[]): void {
    for (const [field, backend] of held) {
      const parts = partsOf(field);
      if (parts === undefined) continue;
      const [position, fingerprint, zone, backup, origin] = parts;
      const keys = this.#keysAt(placeOf(zone, backup, origin));
      const key = keys.get(position);
      if (key === undefined) {
        if (this.#size >= MAX_KEYS) continue;
        keys.set(position, aKey(field, fingerprint, backend, false));
        this.#size++;
      } else if (key.fingerprint !== fingerprint) continue;
      else if (key.backend === backend) {
        if (key.instead === undefined && !this.#isAway) key.waits = false;
        continue;
      } else {
        key.backend = backend;
        key.instead = undefined;
        this.#adopted++;
      }
      this.#balancer.adopt(position, fingerprint, backend, origin);
    }
  }

  async #counted<T>(answer: Promise<T>): Promise<T> {
    this.#calls++;
    try {
      return await answer;
    } catch (error) {
      this.#failures++;
      throw error;
    }
  }

  #answers(): void {
    this.#restsUntil = Number.NEGATIVE_INFINITY;
    if (this.#isAway) this.#report('fleet: the store is back');
    this.#isAway = false;
  }

  #away(error: unknown): void {
    const { clock, random } = this.#env;
    this.#restsUntil = clock.now() + AGAIN_MS * (0.5 + random());
    if (!this.#isAway)
      this.#report(
        `fleet: the store is away, each balancer places keys by itself: ${error instanceof Error ? error.message : String(error)}`,
      );
    this.#isAway = true;
  }

  /** Prolongs keys that were used, and forgets those that were not. */
  #nextRound(): void {
    this.#cancelRound = this.#env.timers.schedule(
      () => {
        for (const keys of this.#keys.values()) {
          for (const [position, key] of keys) {
            key.idle = key.isUsed ? 0 : key.idle + 1;
            if (key.isUsed) this.#tell(key);
            else if (key.idle > 3 && !key.waits) {
              keys.delete(position);
              this.#size--;
            }
            key.isUsed = false;
          }
        }
        this.#nextRound();
      },
      this.#ttlMs / 3,
      true,
    );
  }
}

function aKey(field: string, fingerprint: number, backend: string, isUsed: boolean): SharedKey {
  const fresh = { instead: undefined, waits: false, idle: 0, replacedAt: Number.NEGATIVE_INFINITY };
  return { field, fingerprint, backend, isUsed, ...fresh };
}

/** Names the backends that keys are placed among. */
function placeOf(zone: string | undefined, backup: boolean, origin: string | undefined): string {
  return zone === undefined && !backup && origin === undefined ? '' : JSON.stringify([zone, backup, origin]);
}

type Parts = [number, number, string | undefined, boolean, string | undefined];

/** What a field says; `undefined` for one that another program wrote. */
function partsOf(field: string): Parts | undefined {
  try {
    const [position, fingerprint, zone, backup, origin] = JSON.parse(field);
    if (!Number.isInteger(position) || !Number.isInteger(fingerprint)) return undefined;
    return [position, fingerprint, zone || undefined, backup === true, origin || undefined];
  } catch {
    return undefined;
  }
}
