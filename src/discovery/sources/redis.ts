// A registry in Redis: a hash of records, a sorted set of their ends, and a stream of changes.

import { type Env, systemEnv } from '../../env.ts';
import { bag, checkBag, checkNeeded } from '../../options/bag.ts';
import { anEnv } from '../../options/env-bag.ts';
import { aText, aTimeout } from '../../options/rule.ts';
import type { DiscoveredBackend, Snapshot } from '../discovery.ts';
import type { BackendRecord, Registry, RegistryRecords } from '../registration.ts';
import { aRedisClient, type RedisClient, sendTo } from './redis-client.ts';
import { registryOver } from './registry.ts';

export type { RedisClient } from './redis-client.ts';

import { within } from './within.ts';

/** Settings of {@link redis}. */
export interface RedisOptions {
  /** A client of ioredis or node-redis that is connected, or connects by itself. */
  readonly client: RedisClient;
  /** The pool whose backends register. @defaultValue `'default'` */
  readonly pool?: string;
  /** Prefix of all keys; fleets that share a Redis need different ones. @defaultValue `'evenkeel'` */
  readonly prefix?: string;
  /** Time limit of a command in milliseconds. @defaultValue 5,000 */
  readonly timeoutMs?: number;
  readonly env?: Partial<Env>;
}

const OPTIONS = bag<RedisOptions>({
  client: aRedisClient,
  pool: aText,
  prefix: aText,
  timeoutMs: aTimeout,
  env: anEnv,
});

/** How long a read waits for changes: so long after the last answer a dead connection is noticed. */
const BLOCK_MS = 5_000;
/** So long after a change the ends of records are looked at. */
const LOOK_MS = 500;
const PAGE = '500';
/** So many changes are kept for readers that are behind. */
const CHANGES = '10000';

/**
 * Registers and discovers backends in Redis 5 or later. A change is known in milliseconds, a crash when the
 * TTL is over. The list is read once, in pages, then changes alone. It reads over a connection of its own.
 *
 * @example
 * ```ts
 * const registry = redis({ client: new Redis(), pool: 'shop' });
 * const registration = registry.register({ url: 'http://10.0.0.7:8080' });
 * ```
 * @throws TypeError or RangeError that names the option and its value
 */
export function redis(options: RedisOptions): Registry {
  checkBag(options, OPTIONS, 'redis');
  checkNeeded(options, OPTIONS, 'redis', ['client']);
  const { client, pool = 'default', prefix = 'evenkeel', timeoutMs = 5_000, env } = options;
  const store = new Store(client as Connection, `${prefix}:{${pool}}`, timeoutMs, env);
  return {
    name: `redis ${pool}`,
    retireAfter: 1,
    watch: (signal) => store.watch(signal),
    ...registryOver(store, env),
  };
}

/** Both kinds of clients. */
interface Connection {
  call?(...args: string[]): Promise<unknown>;
  sendCommand?(...args: unknown[]): Promise<unknown>;
  readonly masters?: unknown;
  connect?(): Promise<unknown>;
  disconnect?(): unknown;
  destroy?(): unknown;
  on?(event: 'error', listener: () => void): unknown;
  duplicate(): Connection;
}

/** KEYS: ends, records, changes, epoch. */
const NOW = `local t=redis.call('TIME') local now=t[1]*1000+math.floor(t[2]/1000)
`;
const TELL = `local function tell(id,record) redis.call('XADD',KEYS[3],'MAXLEN','~',${CHANGES},'*','epoch',epoch,'id',id,'record',record) end
`;
/**
 * ARGV: id, record, TTL, an epoch if there is none, owner, since. Also removes what is over. Readers may have
 * taken a record that was over for gone, so that it is told again.
 */
const PUT = `${NOW}local epoch=redis.call('GET',KEYS[4])
if not epoch then epoch=ARGV[4] redis.call('SET',KEYS[4],epoch) end
${TELL}for _,id in ipairs(redis.call('ZRANGEBYSCORE',KEYS[1],'-inf',now,'LIMIT',0,100)) do
if id~=ARGV[1] then redis.call('ZREM',KEYS[1],id) redis.call('HDEL',KEYS[2],id) tell(id,'') end end
local old=redis.call('HGET',KEYS[2],ARGV[1])
local score=redis.call('ZSCORE',KEYS[1],ARGV[1])
local lives=old and score and tonumber(score)>now
if lives and old~=ARGV[2] then
local other=cjson.decode(old)
if other.owner~=ARGV[5] and other.since>tonumber(ARGV[6]) then return other.backend.url end end
redis.call('ZADD',KEYS[1],now+ARGV[3],ARGV[1])
if not lives or old~=ARGV[2] then redis.call('HSET',KEYS[2],ARGV[1],ARGV[2]) tell(ARGV[1],ARGV[2]) end
return false`;
/** ARGV: id, owner. */
const DROP = `local epoch=redis.call('GET',KEYS[4]) or ''
${TELL}local old=redis.call('HGET',KEYS[2],ARGV[1])
if old and cjson.decode(old).owner==ARGV[2] then
redis.call('ZREM',KEYS[1],ARGV[1]) redis.call('HDEL',KEYS[2],ARGV[1]) tell(ARGV[1],'') end`;
/** Of a store in which nothing has registered. */
const NO_EPOCH = 'none';
/** Reads alone, as a reader may have no right to write. */
const LOOK = `${NOW}local last=redis.call('XREVRANGE',KEYS[3],'+','-','COUNT',1)[1]
local soon=redis.call('ZRANGEBYSCORE',KEYS[1],'('..now,'+inf','WITHSCORES','LIMIT',0,1)
return {redis.call('GET',KEYS[4]) or '${NO_EPOCH}',last and last[1] or '0-0',soon[2] and soon[2]-now or -1,
redis.call('ZCOUNT',KEYS[1],'('..now,'+inf'),redis.call('ZRANGEBYSCORE',KEYS[1],'-inf',now)}`;

interface Look {
  readonly epoch: string;
  /** The id of the last change. */
  readonly last: string;
  /** Milliseconds until the next record is over, unless it is renewed; -1 without records. */
  readonly soonMs: number;
  readonly living: number;
  readonly over: readonly string[];
}

class Store implements RegistryRecords {
  readonly #client: Connection;
  /** Ends, records, changes, epoch. In one slot of a cluster. */
  readonly #keys: readonly [string, string, string, string];
  readonly #timeoutMs: number;
  readonly #env: Partial<Env>;

  constructor(client: Connection, base: string, timeoutMs: number, env: Partial<Env> = {}) {
    this.#client = client;
    this.#keys = [`${base}:ends`, `${base}:records`, `${base}:changes`, `${base}:epoch`];
    this.#timeoutMs = timeoutMs;
    this.#env = env;
  }

  async put(record: BackendRecord, ttlMs: number): Promise<void> {
    const { backend, owner, since } = record;
    const args = [backend.id, JSON.stringify(record), String(Math.ceil(ttlMs)), crypto.randomUUID(), owner];
    const other = await this.#eval(PUT, ...args, String(since));
    if (other !== null)
      throw new Error(
        `id ${JSON.stringify(backend.id)} is in use by ${String(other)}, which registered later`,
      );
  }

  async drop({ backend, owner }: BackendRecord): Promise<void> {
    await this.#eval(DROP, backend.id, owner);
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Snapshot> {
    const reader = this.#client.duplicate();
    const end = () => void (reader.destroy ?? reader.disconnect)?.call(reader);
    try {
      // Without a listener, an error event would end the process.
      reader.on?.('error', () => {});
      // Those of ioredis connect by themselves.
      if (this.#client.call === undefined) await this.#limited(reader.connect?.() ?? Promise.resolve());
      signal.addEventListener('abort', end);
      while (!signal.aborted) yield* this.#life(reader, signal);
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  }

  /** Reads everything, then changes, until the epoch is another one. */
  async *#life(reader: Connection, signal: AbortSignal): AsyncGenerator<Snapshot> {
    const { clock } = { ...systemEnv, ...this.#env };
    const first = await this.#look();
    const backends = await this.#all();
    for (const id of first.over) backends.delete(id);
    // What has come since is told by the changes.
    if (first.epoch === NO_EPOCH) backends.clear();
    let last = first.last;
    let lookAt = clock.now() + (first.soonMs < 0 ? BLOCK_MS : first.soonMs);
    const snapshot = (): Snapshot => {
      return { epoch: first.epoch, version: versionOf(last), backends: [...backends.values()] };
    };
    let isAsTold = true;
    let hasChanged = true;
    while (!signal.aborted) {
      if (hasChanged) yield snapshot();
      const blockMs = Math.ceil(Math.min(BLOCK_MS, Math.max(20, lookAt - clock.now())));
      const changes = await this.#changes(reader, last, blockMs);
      hasChanged = changes.length > 0;
      // What is new may be over sooner than all others.
      if (hasChanged) lookAt = Math.min(lookAt, clock.now() + LOOK_MS);
      const news = new Set<string>();
      for (const { at, epoch, id, record } of changes) {
        if (epoch !== first.epoch) return;
        // That it was draining before it left must be told.
        if (record === '' && news.delete(id)) yield snapshot();
        if (record === '') backends.delete(id);
        else backends.set(id, backendIn(record, id));
        news.add(id);
        last = at;
      }
      if (clock.now() < lookAt) continue;
      const look = await this.#look();
      // A store that was lost has another epoch, or none; then its changes may be gone, too.
      if (look.epoch !== first.epoch) return;
      lookAt = clock.now() + (look.soonMs < 0 ? BLOCK_MS : Math.min(Math.max(look.soonMs + 20, 100), 60_000));
      for (const id of look.over) if (backends.delete(id)) hasChanged = true;
      const wasAsTold = isAsTold;
      isAsTold = look.last !== last || look.living === backends.size;
      // Changes were trimmed before they were read.
      if (!isAsTold && !wasAsTold) return;
    }
  }

  async #look(): Promise<Look> {
    const [epoch, last, soonMs, living, over] = (await this.#eval(LOOK)) as [
      string,
      string,
      number,
      number,
      string[],
    ];
    return { epoch, last, soonMs: Number(soonMs), living: Number(living), over };
  }

  /** All records, in pages: one large read would block Redis. */
  async #all(): Promise<Map<string, DiscoveredBackend>> {
    const backends = new Map<string, DiscoveredBackend>();
    let cursor = '0';
    do {
      const page = await this.#limited(sendTo(this.#client, ['HSCAN', this.#keys[1], cursor, 'COUNT', PAGE]));
      const [next, fields] = page as [string, string[]];
      for (let i = 0; i < fields.length; i += 2) {
        const id = fields[i] as string;
        backends.set(id, backendIn(fields[i + 1] as string, id));
      }
      cursor = next;
    } while (cursor !== '0');
    return backends;
  }

  async #changes(reader: Connection, last: string, blockMs: number) {
    const command = ['XREAD', 'COUNT', '1000', 'BLOCK', String(blockMs), 'STREAMS', this.#keys[2], last];
    const reply = await this.#limited(sendTo(reader, command), blockMs);
    // [[key, entries]], and of RESP3 { key: entries } or [key, entries]; an entry is [id, [field, value,
    // ...]].
    const [first, entries] = Array.isArray(reply)
      ? reply
      : [Object.entries((reply as object | null) ?? {})[0]];
    return (((Array.isArray(first) ? first[1] : entries) ?? []) as [string, string[]][]).map(
      ([at, fields]) => ({
        at,
        epoch: fields[1],
        id: fields[3] as string,
        record: fields[5] as string,
      }),
    );
  }

  #eval(script: string, ...args: string[]): Promise<unknown> {
    return this.#limited(sendTo(this.#client, ['EVAL', script, '4', ...this.#keys, ...args]));
  }

  #limited<T>(answer: Promise<T>, extraMs = 0): Promise<T> {
    return within(answer, this.#timeoutMs + extraMs, 'Redis', this.#env);
  }
}

/** An entry that cannot be used is for `steady` to tell. */
function backendIn(record: string, id: string): DiscoveredBackend {
  try {
    return (JSON.parse(record) as BackendRecord).backend;
  } catch {
    return { id, url: record };
  }
}

/** `1700000000000-12` as a number that grows. */
function versionOf(at: string): string {
  const [time = '0', count = '0'] = at.split('-');
  return time + count.padStart(6, '0');
}
