// A fleet in Redis: for each space a hash of fields, a sorted set of their ends, and a channel of changes.

import { pause } from '../discovery/sources/pause.ts';
import { aRedisClient, type RedisClient, sendTo } from '../discovery/sources/redis-client.ts';
import { within } from '../discovery/sources/within.ts';
import { type Env, systemEnv } from '../env.ts';
import { bag, checkBag, checkNeeded } from '../options/bag.ts';
import { anEnv } from '../options/env-bag.ts';
import { aText, aTimeout } from '../options/rule.ts';
import type { Claim, FleetStore, Held, SpaceListener } from './fleet-store.ts';

/** Settings of {@link redisFleet}. */
export interface RedisFleetOptions {
  /** A client of ioredis or node-redis that is connected, or connects by itself. */
  readonly client: RedisClient;
  /** Prefix of all keys; fleets that share a Redis need different ones. @defaultValue `'evenkeel'` */
  readonly prefix?: string;
  /** Time limit of a command in milliseconds. @defaultValue 2,000 */
  readonly timeoutMs?: number;
  /** How often the connection that is listened on is tested, in milliseconds. @defaultValue 5,000 */
  readonly testEveryMs?: number;
  readonly env?: Partial<Env>;
}

const OPTIONS = bag<RedisFleetOptions>({
  client: aRedisClient,
  prefix: aText,
  timeoutMs: aTimeout,
  testEveryMs: aTimeout,
  env: anEnv,
});

/**
 * What the balancers of a fleet share, in Redis 5 or later. It listens over a connection of its own, which is
 * tested and made anew when nothing comes back over it, as a dead one may look alive for many minutes.
 *
 * @throws TypeError or RangeError that names the option and its value
 */
export function redisFleet(options: RedisFleetOptions): FleetStore {
  checkBag(options, OPTIONS, 'redisFleet');
  checkNeeded(options, OPTIONS, 'redisFleet', ['client']);
  return new RedisFleet(options);
}

/** Both kinds of clients. */
interface Connection {
  /** Of ioredis. */
  readonly status?: string;
  call?(...args: string[]): Promise<unknown>;
  sendCommand?(...args: unknown[]): Promise<unknown>;
  readonly masters?: unknown;
  connect?(): Promise<unknown>;
  disconnect?(): unknown;
  destroy?(): unknown;
  on(event: string, listener: (...args: never[]) => void): unknown;
  subscribe(channel: string, listener?: (message: string, channel: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  duplicate(): Connection;
}

/** KEYS: fields, ends. ARGV: TTL, then what a script is for. */
const NOW = `local t=redis.call('TIME') local now=t[1]*1000+math.floor(t[2]/1000)
`;
/**
 * Removes what is over, and keeps both keys for twice the longest TTL. Comes last: a Redis that is full
 * refuses a script only if its first change needs memory.
 */
const SWEEP = `
for _,f in ipairs(redis.call('ZRANGEBYSCORE',KEYS[2],'-inf',now,'LIMIT',0,200)) do
redis.call('ZREM',KEYS[2],f) redis.call('HDEL',KEYS[1],f) end
for _,k in ipairs(KEYS) do if redis.call('PTTL',k)<ARGV[1]*2 then redis.call('PEXPIRE',k,ARGV[1]*2) end end
`;
/**
 * ARGV: field, value and the value that it may replace.
 * @returns a flat list of the fields that have another value
 */
const CLAIM = `${NOW}local news={} local others={}
for i=2,#ARGV,3 do local f,v=ARGV[i],ARGV[i+1] local old=redis.call('HGET',KEYS[1],f)
if old and tonumber(redis.call('ZSCORE',KEYS[2],f) or 0)<=now then old=false end
if not old or old==ARGV[i+2] then redis.call('HSET',KEYS[1],f,v) news[#news+1]=f news[#news+1]=v
elseif old~=v then others[#others+1]=f others[#others+1]=old end
redis.call('ZADD',KEYS[2],now+ARGV[1],f) end${SWEEP}
if #news>0 then redis.call('PUBLISH',KEYS[1],cjson.encode(news)) end
return others`;
/** ARGV: field and value; an empty value removes the field. */
const PUT = `${NOW}local news={}
for i=2,#ARGV,2 do local f,v=ARGV[i],ARGV[i+1] news[#news+1]=f news[#news+1]=v
if v=='' then redis.call('HDEL',KEYS[1],f) redis.call('ZREM',KEYS[2],f)
else redis.call('HSET',KEYS[1],f,v) redis.call('ZADD',KEYS[2],now+ARGV[1],f) end end${SWEEP}
redis.call('PUBLISH',KEYS[1],cjson.encode(news))`;

class RedisFleet implements FleetStore {
  readonly #client: Connection;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #testEveryMs: number;
  readonly #env: Env;
  /** By channel. */
  readonly #listeners = new Map<string, Set<SpaceListener>>();
  /** Only this process publishes there. */
  readonly #testChannel: string;
  #testCame = () => {};
  /** Ends listening; `undefined` while there is none to listen for. */
  #end: AbortController | undefined;
  /** The connection that tells changes now. */
  #subscriber: Connection | undefined;

  constructor({
    client,
    prefix = 'evenkeel',
    timeoutMs = 2_000,
    testEveryMs = 5_000,
    env,
  }: RedisFleetOptions) {
    this.#client = client as Connection;
    this.#prefix = prefix;
    this.#timeoutMs = timeoutMs;
    this.#testEveryMs = testEveryMs;
    this.#env = { ...systemEnv, ...env };
    this.#testChannel = `${prefix}:fleet:test:${crypto.randomUUID()}`;
  }

  async claim(space: string, claims: readonly Claim[], ttlMs: number): Promise<readonly Held[]> {
    const args = claims.flatMap(({ field, value, instead = '' }) => [field, value, instead]);
    return pairs(await this.#eval(CLAIM, space, ttlMs, args));
  }

  async put(space: string, held: readonly Held[], ttlMs: number): Promise<void> {
    await this.#eval(PUT, space, ttlMs, held.flat());
  }

  /** In pages, as one large read would block Redis. */
  async load(space: string): Promise<readonly Held[]> {
    const [fields] = this.#keysOf(space);
    const all = new Map<string, string>();
    let cursor = '0';
    do {
      const page = await this.#limited(sendTo(this.#client, ['HSCAN', fields, cursor, 'COUNT', '500']));
      const [next, held] = page as [string, unknown];
      for (const [field, value] of pairs(held)) all.set(field, value);
      cursor = String(next);
    } while (cursor !== '0');
    return [...all];
  }

  listen(space: string, listener: SpaceListener): () => void {
    const [channel] = this.#keysOf(space);
    const known = this.#listeners.get(channel);
    if (known !== undefined) known.add(listener);
    else this.#listeners.set(channel, new Set([listener]));
    if (this.#end === undefined) void this.#listen((this.#end = new AbortController()).signal);
    else if (this.#subscriber !== undefined) void this.#subscribe(this.#subscriber, channel);
    return () => this.#leave(channel, listener);
  }

  #leave(channel: string, listener: SpaceListener): void {
    const listeners = this.#listeners.get(channel);
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.#listeners.delete(channel);
    // If it fails, messages of the channel find no listener.
    this.#subscriber?.unsubscribe(channel).catch(() => {});
    // The next space may follow at once.
    this.#env.timers.schedule(() => this.#listeners.size === 0 && this.#stop(), 0, true);
  }

  #stop(): void {
    this.#end?.abort();
    this.#end = undefined;
  }

  /** One connection after the other. Never rejects. */
  async #listen(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      const subscriber = this.#client.duplicate();
      const watch = new Watch(subscriber, signal);
      try {
        await this.#live(subscriber, watch, signal, () => (failures = 0));
      } catch (error) {
        if (!signal.aborted) this.#lost(error as Error);
      } finally {
        watch.close();
      }
      if (this.#subscriber === subscriber) this.#subscriber = undefined;
      end(subscriber);
      const most = Math.min(50 * 2 ** failures, 2_000);
      await pause(most * (0.5 + this.#env.random() / 2), signal, this.#env);
    }
  }

  #lost(error: Error): void {
    for (const listeners of this.#listeners.values()) for (const one of [...listeners]) one.lost(error);
  }

  /** Listens until the connection fails a test or breaks; then it rejects. */
  async #live(subscriber: Connection, watch: Watch, signal: AbortSignal, lives: () => void): Promise<void> {
    const unlessBroken = <T>(answer: Promise<T>) => watch.unlessBroken(this.#limited(answer));
    await unlessBroken(connected(subscriber));
    if (subscriber.call !== undefined)
      subscriber.on('message', (channel: string, message: string) => this.#heard(channel, message));
    await unlessBroken(this.#subscribeTo(subscriber, this.#testChannel));
    this.#subscriber = subscriber;
    const channels = [...this.#listeners.keys()];
    await unlessBroken(Promise.all(channels.map((channel) => this.#subscribeTo(subscriber, channel))));
    for (let isNew = true; ; isNew = false) {
      const came = new Promise<void>((resolve) => (this.#testCame = resolve));
      await unlessBroken(sendTo(this.#client, ['PUBLISH', this.#testChannel, '']));
      await unlessBroken(came);
      lives();
      if (isNew) for (const channel of channels) this.#joined(channel);
      await watch.unlessBroken(pause(this.#testEveryMs, signal, this.#env));
    }
  }

  #joined(channel: string): void {
    for (const listener of [...(this.#listeners.get(channel) ?? [])]) listener.joined();
  }

  /** Never rejects: where the subscription fails, the connection is made anew. */
  async #subscribe(subscriber: Connection, channel: string): Promise<void> {
    try {
      await this.#limited(this.#subscribeTo(subscriber, channel));
      this.#joined(channel);
    } catch {
      end(subscriber);
    }
  }

  async #subscribeTo(subscriber: Connection, channel: string): Promise<void> {
    const listener = (message: string, from: string) => this.#heard(from, message);
    await (subscriber.call === undefined
      ? subscriber.subscribe(channel, listener)
      : subscriber.subscribe(channel));
  }

  #heard(channel: string, message: string): void {
    if (channel === this.#testChannel) this.#testCame();
    const listeners = this.#listeners.get(channel);
    if (listeners === undefined) return;
    const news = newsIn(message);
    for (const listener of [...listeners]) listener.changed(news);
  }

  #eval(script: string, space: string, ttlMs: number, args: readonly string[]): Promise<unknown> {
    const keys = this.#keysOf(space);
    const command = ['EVAL', script, '2', ...keys, String(Math.ceil(ttlMs)), ...args];
    return this.#limited(sendTo(this.#client, command));
  }

  /** Both in one slot of a cluster. */
  #keysOf(space: string): [fields: string, ends: string] {
    const fields = `${this.#prefix}:fleet:{${space}}`;
    return [fields, `${fields}:ends`];
  }

  #limited<T>(answer: Promise<T>): Promise<T> {
    return within(answer, this.#timeoutMs, 'Redis', this.#env);
  }
}

/**
 * Watches whether a connection breaks. Clients that connect again by themselves may have missed messages.
 * There is no promise that waits for the break: each race with it would leave something behind.
 */
class Watch {
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #signal: AbortSignal;
  #error: Error | undefined;

  constructor(connection: Connection, signal: AbortSignal) {
    for (const event of ['error', 'close', 'end', 'reconnecting']) connection.on(event, this.#fail);
    this.#signal = signal;
    signal.addEventListener('abort', this.#fail);
  }

  /** Waits for an answer; rejects if the connection breaks before. */
  unlessBroken<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) reject(this.#error);
      else this.#waiting.add(reject);
      answer.finally(() => this.#waiting.delete(reject)).then(resolve, reject);
    });
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#fail);
  }

  readonly #fail = (error?: unknown): void => {
    this.#error ??= error instanceof Error ? error : new Error('the connection to Redis broke');
    for (const reject of this.#waiting) reject(this.#error);
    this.#waiting.clear();
  };
}

/** Those of ioredis connect by themselves, unless they are told not to. */
async function connected(connection: Connection): Promise<void> {
  if (connection.call === undefined || connection.status === 'wait') await connection.connect?.();
  else if (connection.status !== 'ready')
    await new Promise<void>((resolve) => connection.on('ready', () => resolve()));
}

function end(connection: Connection): void {
  (connection.destroy ?? connection.disconnect)?.call(connection);
}

/** A flat list, or with RESP3 an object or a map. */
function pairs(list: unknown): Held[] {
  if (!Array.isArray(list)) return Object.entries((list ?? {}) as Record<string, string>);
  return Array.from({ length: list.length / 2 }, (_, i) => [String(list[2 * i]), String(list[2 * i + 1])]);
}

/** Nothing of a message that another program wrote. */
function newsIn(message: string): Held[] {
  try {
    const list: unknown = JSON.parse(message);
    return Array.isArray(list) ? pairs(list) : [];
  } catch {
    return [];
  }
}
