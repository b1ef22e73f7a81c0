// A process that belongs to a fleet: it tells by beats that it lives, hears of the others, and exchanges
// verdicts of health checks with them.

import { type Env, systemEnv } from '../env.ts';
import { isError } from '../errors.ts';
import { bag, checkBag } from '../options/bag.ts';
import { anEnv } from '../options/env-bag.ts';
import { aFunction, anObjectWith, aText, aTimeout, checkRule } from '../options/rule.ts';
import { shown } from '../shown.ts';
import type { FleetStore, Held } from './fleet-store.ts';
import { FollowedSpace } from './followed-space.ts';

/** Settings of {@link joinFleet}. */
export interface JoinFleetOptions {
  /**
   * Where it runs, such as the name of the machine: two that check the same backend are of different places
   * if they can be.
   * @defaultValue none
   */
  readonly place?: string;
  /**
   * How long it counts as alive after its last beat, in milliseconds; beats come three times as often, with
   * jitter.
   * @defaultValue 3,000
   */
  readonly ttlMs?: number;
  /** Gets one line for each trouble. @defaultValue none */
  readonly report?: (line: string) => void;
  readonly env?: Partial<Env>;
}

const OPTIONS = bag<JoinFleetOptions>({ place: aText, ttlMs: aTimeout, report: aFunction, env: anEnv });

/** A process of a fleet. */
export interface FleetMember {
  /** Different for each process and life of it. */
  readonly id: string;
  /** Whether the store answers, and tells what the others do. */
  readonly isConnected: boolean;
  /** All that live, itself among them; alone while the store is away. */
  readonly members: readonly MemberView[];
  /** Leaves the fleet. Resolves when the others were told, or cannot be. */
  close(): Promise<void>;
}

/** A member, as another one sees it. */
export interface MemberView {
  readonly id: string;
  readonly place: string | undefined;
}

/**
 * Joins the processes that share a store, for {@link shareChecks}. While the store is away, it goes on alone.
 * @throws TypeError or RangeError that names the argument or option
 * @example `joinFleet(redisFleet({ client: new Redis() }), { place: hostname() })`
 */
export function joinFleet(store: FleetStore, options: JoinFleetOptions = {}): FleetMember {
  checkRule(anObjectWith('put', 'load', 'listen'), store, 'store');
  checkBag(options, OPTIONS, 'joinFleet');
  return new Member(store, options);
}

/** What a member says of a pool with each beat. */
export interface PoolBeat {
  /** What is checked, as a digest: verdicts on something else are of no use. */
  readonly definition: string;
  /** How old the oldest of its verdicts is, in milliseconds. */
  readonly ageMs: number;
}

/** A member that checks a pool. */
export interface Peer extends MemberView {
  readonly beat: PoolBeat;
  /** When it was heard last, by the own clock. */
  readonly heardAt: number;
}

/** What a pool does for its member. */
export interface PoolPart {
  beat(): PoolBeat;
  /** Everything of its own, to be told again. */
  all(): readonly Held[];
  /** Members have come or gone, or the store has. */
  changed(): void;
  /** A member has told something; an empty value takes it back. */
  told(member: string, subject: string, value: string): void;
  /** Time has passed: three times in each TTL. */
  passed(): void;
}

interface Known {
  readonly id: string;
  readonly place: string | undefined;
  readonly pools: Readonly<Record<string, readonly [definition: string, ageMs: number]>>;
  readonly heardAt: number;
  /** How often it had lost the store. What it told before counts no more. */
  readonly losses: number;
  /** What it has told, by pool and subject. */
  readonly told: Map<string, Map<string, string>>;
}

const SPACE = 'members';
/** How long what a member has told is kept, in TTLs. It ends with the member; this is for the store. */
const KEPT = 100;
/** So many fields go into one call. */
const BATCH = 500;
/** What one member may tell; more is not kept. */
const MAX_TOLD = 100_000;

export class Member implements FleetMember {
  readonly id: string;
  readonly store: FleetStore;
  readonly env: Env;
  readonly ttlMs: number;
  readonly report: (line: string) => void;
  readonly #place: string | undefined;
  readonly #parts = new Map<string, PoolPart>();
  readonly #known = new Map<string, Known>();
  readonly #space: FollowedSpace;
  /** Whether others count it, as far as it knows. */
  #isConnected = false;
  #hasLostStore = false;
  /** How often it was lost. */
  #losses = 0;
  /** Why the last call failed. */
  #trouble: unknown;
  /** When it last beat and heard of others. */
  #connectedAt = Number.NEGATIVE_INFINITY;
  /** When the next beat is due, to see that this process was held up. */
  #dueAt = 0;
  #toTell = new Map<string, string>();
  #isTelling = false;
  #cancelTell: (() => void) | undefined;
  #cancelBeat = () => {};
  #renewAt = 0;
  #isClosed = false;

  constructor(store: FleetStore, { place, ttlMs = 3_000, report = () => {}, env }: JoinFleetOptions) {
    this.store = store;
    this.#place = place;
    this.ttlMs = ttlMs;
    this.report = report;
    this.env = { ...systemEnv, ...env };
    this.id = idFrom(this.env.random);
    const follower = {
      heard: (held: readonly Held[]) => this.#heard(held),
      joined: (fields: ReadonlySet<string>) => {
        this.#forgetOthers(fields);
        this.#renewAt = 0;
        void this.#beat();
      },
      lost: (error: unknown) => this.#lost(error),
    };
    this.#space = new FollowedSpace(store, SPACE, follower, this.env, ttlMs / 3);
    this.#pulseIn(this.#paceMs());
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  get members(): readonly MemberView[] {
    const self = { id: this.id, place: this.#place };
    if (!this.#isConnected) return [self];
    return [self, ...[...this.#known.values()].map(({ id, place }) => ({ id, place }))];
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#space.close();
    this.#cancelBeat();
    this.#cancelTell?.();
    this.#judgeConnection(this.env.clock.now());
    try {
      await this.store.put(SPACE, [[memberField(this.id), '']], this.ttlMs);
    } catch {
      // The TTL ends it.
    }
  }

  /** Takes part with a pool. @returns a function that ends it */
  attend(pool: string, part: PoolPart): () => void {
    this.#parts.set(pool, part);
    for (const { id, told } of this.#known.values())
      for (const [subject, value] of told.get(pool) ?? []) part.told(id, subject, value);
    // The others are to count on it as soon as they can.
    if (this.#isConnected) this.#pulseIn(0);
    return () => {
      if (this.#parts.get(pool) === part) this.#parts.delete(pool);
    };
  }

  /** The others that check a pool; of no use while it is not connected. */
  peersOf(pool: string): readonly Peer[] {
    const peers: Peer[] = [];
    for (const { id, place, pools, heardAt } of this.#known.values()) {
      const [definition, ageMs] = pools[pool] ?? [];
      if (definition !== undefined)
        peers.push({ id, place, heardAt, beat: { definition, ageMs: ageMs ?? 0 } });
    }
    return peers;
  }

  get self(): MemberView {
    return { id: this.id, place: this.#place };
  }

  /** Tells the others, at once or with the next beat. */
  tell(pool: string, subject: string, value: string, isUrgent: boolean): void {
    if (this.#isClosed || !this.#isConnected) return;
    this.#setToTell(pool, subject, value);
    if (isUrgent) this.#cancelTell ??= this.env.timers.schedule(() => void this.#tell(), 0, true);
  }

  #setToTell(pool: string, subject: string, value: string): void {
    this.#toTell.set(toldField(this.id, pool, subject), value && `${this.#losses}${value}`);
  }

  #paceMs(): number {
    return (this.ttlMs / 3) * (0.9 + 0.2 * this.env.random());
  }

  #pulseIn(delayMs: number): void {
    this.#cancelBeat();
    this.#dueAt = this.env.clock.now() + delayMs;
    this.#cancelBeat = this.env.timers.schedule(() => this.#pulse(), delayMs, true);
  }

  #pulse(): void {
    const now = this.env.clock.now();
    // Its own delay is none of the others: what they have sent meanwhile is still to be read.
    const wasHeldUp = now - this.#dueAt > this.ttlMs / 3;
    this.#pulseIn(this.#paceMs());
    void this.#beat();
    if (this.#isConnected && !wasHeldUp && this.#bury(now)) this.#tellChange();
    this.#judgeConnection(now);
    for (const part of this.#parts.values()) part.passed();
  }

  /** Never rejects. */
  async #beat(): Promise<void> {
    const now = this.env.clock.now();
    const pools = [...this.#parts].map(([pool, part]) => {
      const { definition, ageMs } = part.beat();
      return [pool, [definition, Math.round(ageMs)]] as const;
    });
    const value = JSON.stringify([this.#place ?? 0, Object.fromEntries(pools), this.#losses]);
    if (!(await this.#put([[memberField(this.id), value]], this.ttlMs)) || !this.#space.isJoined) return;
    // The others may have counted it as gone meanwhile, and have forgotten what it told.
    if (now - this.#connectedAt > (2 / 3) * this.ttlMs) this.#renewAt = 0;
    this.#connectedAt = Math.max(this.#connectedAt, now);
    this.#judgeConnection(this.env.clock.now());
    if (now >= this.#renewAt) this.#renew(now);
    if (this.#toTell.size > 0) void this.#tell();
  }

  #renew(now: number): void {
    this.#renewAt = now + (KEPT / 3) * this.ttlMs;
    for (const [pool, part] of this.#parts)
      for (const [subject, value] of part.all()) this.#setToTell(pool, subject, value);
  }

  /** Never rejects. */
  async #tell(): Promise<void> {
    this.#cancelTell = undefined;
    if (this.#isTelling) return;
    this.#isTelling = true;
    while (this.#toTell.size > 0 && this.#isConnected) {
      const batch = [...this.#toTell].slice(0, BATCH);
      for (const [field] of batch) this.#toTell.delete(field);
      if (await this.#put(batch, KEPT * this.ttlMs)) continue;
      // What is younger counts; the next beat tells it.
      for (const [field, value] of batch) if (!this.#toTell.has(field)) this.#toTell.set(field, value);
      break;
    }
    this.#isTelling = false;
  }

  async #put(held: readonly Held[], ttlMs: number): Promise<boolean> {
    try {
      await this.store.put(SPACE, held, ttlMs);
      return !this.#isClosed;
    } catch (error) {
      this.#lost(error);
      return false;
    }
  }

  /** The others count it for a TTL after its last beat. */
  #judgeConnection(now: number): void {
    const isConnected = !this.#isClosed && now - this.#connectedAt < this.ttlMs;
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    if (isConnected) {
      if (this.#hasLostStore) this.report('fleet: the store is back, backends are checked together');
      this.#hasLostStore = false;
      this.#trouble = undefined;
      this.#bury(now);
    } else {
      this.#losses++;
      this.#toTell.clear();
      this.#tellTrouble();
    }
    this.#tellChange();
  }

  #tellChange(): void {
    for (const part of this.#parts.values()) part.changed();
  }

  /** A call that fails now and then is none of anyone's business. */
  #lost(error: unknown): void {
    this.#trouble = error;
    if (!this.#isConnected) this.#tellTrouble();
  }

  #tellTrouble(): void {
    if (this.#hasLostStore || this.#isClosed || this.#trouble === undefined) return;
    this.#hasLostStore = true;
    const reason = isError(this.#trouble) ? this.#trouble.message : shown(this.#trouble);
    this.report(`fleet: the store is away, each checks backends for itself: ${reason}`);
  }

  #heard(held: readonly Held[]): void {
    let hasChanged = false;
    for (const [field, value] of held) {
      const [id, pool, subject] = partsOf(field);
      if (id === undefined || id === this.id) continue;
      if (pool === undefined || subject === undefined) hasChanged = this.#heardBeat(id, value) || hasChanged;
      else this.#heardVerdict(id, pool, subject, value);
    }
    if (hasChanged) this.#tellChange();
  }

  /** @returns whether it came, left, or takes part with other pools */
  #heardBeat(id: string, value: string): boolean {
    const before = this.#known.get(id);
    if (value === '') {
      if (before !== undefined) this.#forget(before);
      return before !== undefined;
    }
    const beat = beatIn(value);
    if (beat === undefined) return false;
    const known = this.#knownSince(id, beat.losses);
    if (known === undefined) return false;
    this.#known.set(id, { ...known, ...beat, heardAt: this.env.clock.now() });
    return before === undefined || definitionsOf(before) !== definitionsOf(beat);
  }

  #heardVerdict(id: string, pool: string, subject: string, value: string): void {
    const [, losses, text = ''] = /^(\d+)(.+)$/s.exec(value) ?? [];
    const known = losses === undefined ? this.#known.get(id) : this.#knownSince(id, Number(losses));
    if (known === undefined) return;
    let told = known.told.get(pool);
    if (told === undefined) known.told.set(pool, (told = new Map()));
    if (text === '') told.delete(subject);
    else if (told.size < MAX_TOLD) told.set(subject, text);
    this.#parts.get(pool)?.told(id, subject, text);
  }

  /** Forgets what a member told before it lost the store. @returns `undefined` if it has lost it since */
  #knownSince(id: string, losses: number): Known | undefined {
    const before = this.#known.get(id);
    if (before !== undefined && before.losses >= losses) return before.losses === losses ? before : undefined;
    if (before !== undefined) this.#forget(before);
    // A verdict may be loaded before the beat of its member, which lives if that comes.
    const none = { place: undefined, pools: {}, heardAt: this.env.clock.now() };
    const known = { id, ...none, ...before, losses, told: new Map() };
    this.#known.set(id, known);
    return known;
  }

  /** What was told that is not there any more: its removal may not have been heard. */
  #forgetOthers(fields: ReadonlySet<string>): void {
    for (const { id, told } of this.#known.values())
      for (const [pool, subjects] of told)
        for (const subject of subjects.keys())
          if (!fields.has(toldField(id, pool, subject))) this.#heardVerdict(id, pool, subject, '');
  }

  /** Members of whom nothing has come for a TTL are gone. @returns whether there is one */
  #bury(now: number): boolean {
    const gone = [...this.#known.values()].filter(({ heardAt }) => now - heardAt >= this.ttlMs);
    for (const known of gone) this.#forget(known);
    return gone.length > 0;
  }

  #forget({ id, told }: Known): void {
    this.#known.delete(id);
    for (const [pool, subjects] of told)
      for (const subject of subjects.keys()) this.#parts.get(pool)?.told(id, subject, '');
  }
}

/** 64 bits. */
function idFrom(random: () => number): string {
  return [random(), random()]
    .map((part) =>
      Math.floor(part * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
}

const toldField = (id: string, pool: string, subject: string) => JSON.stringify([id, pool, subject]);

const memberField = (id: string) => JSON.stringify([id]);

const definitionsOf = ({ pools }: Pick<Known, 'pools'>) =>
  JSON.stringify(Object.entries(pools).map(([pool, [definition]]) => [pool, definition]));

/** Nothing for a field that another program wrote. */
function partsOf(field: string): (string | undefined)[] {
  try {
    const parts: unknown = JSON.parse(field);
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : [];
  } catch {
    return [];
  }
}

function beatIn(value: string): Pick<Known, 'place' | 'pools' | 'losses'> | undefined {
  try {
    const [place, pools, losses] = JSON.parse(value);
    if (typeof pools !== 'object' || pools === null) return undefined;
    const isBeat = (beat: unknown) =>
      Array.isArray(beat) && typeof beat[0] === 'string' && typeof beat[1] === 'number';
    return Object.values(pools).every(isBeat) && typeof losses === 'number'
      ? { place: typeof place === 'string' ? place : undefined, pools, losses }
      : undefined;
  } catch {
    return undefined;
  }
}
