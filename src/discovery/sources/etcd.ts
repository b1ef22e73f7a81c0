// A registry in etcd, over its JSON gateway: a key with a lease for each backend, and a watch.

import { type Env, systemEnv } from '../../env.ts';
import { bag, checkBag, checkNeeded } from '../../options/bag.ts';
import { anEnv } from '../../options/env-bag.ts';
import { aFunction, anObject, aText, aTimeout } from '../../options/rule.ts';
import type { DiscoveredBackend, Snapshot } from '../discovery.ts';
import type { BackendRecord, Registry, RegistryRecords } from '../registration.ts';
import { jsonLines } from './json-lines.ts';
import { registryOver } from './registry.ts';
import { within } from './within.ts';

/** Settings of {@link etcd}. */
export interface EtcdOptions {
  /**
   * The URL of a member, such as `http://10.0.0.5:2379`; several, separated by commas, are asked by turns.
   * With a user and a password (`https://user:password@10.0.0.5:2379`) it logs in, and again when its token
   * is over.
   */
  readonly url: string;
  /** The pool whose backends register. @defaultValue `'default'` */
  readonly pool?: string;
  /** Prefix of all keys; fleets that share an etcd need different ones. @defaultValue `'evenkeel'` */
  readonly prefix?: string;
  /** Headers of each request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Time limit of a request in milliseconds. @defaultValue 5,000 */
  readonly timeoutMs?: number;
  /** @defaultValue the platform's `fetch` */
  readonly fetch?: typeof fetch;
  readonly env?: Partial<Env>;
}

const OPTIONS = bag<EtcdOptions>({
  url: aText,
  pool: aText,
  prefix: aText,
  headers: anObject,
  timeoutMs: aTimeout,
  fetch: aFunction,
  env: anEnv,
});

/** So often the watch is compared with the store: a watch may be dead without an error. */
const PROBE_MS = 10_000;
const PAGE = 1_000;

/**
 * Registers and discovers backends in etcd 3.4 or later, by `fetch` alone. A change is known in milliseconds,
 * a crash when the TTL is over.
 *
 * @example
 * ```ts
 * const registry = etcd({ url: 'http://10.0.0.5:2379', pool: 'shop' });
 * const registration = registry.register({ url: 'http://10.0.0.7:8080' });
 * ```
 * @throws TypeError or RangeError that names the option and its value
 */
export function etcd(options: EtcdOptions): Registry {
  checkBag(options, OPTIONS, 'etcd');
  checkNeeded(options, OPTIONS, 'etcd', ['url']);
  const { pool = 'default', prefix = 'evenkeel', env } = options;
  const store = new Store(options, `${prefix}/${pool}/`);
  return {
    name: `etcd ${pool}`,
    retireAfter: 1,
    watch: (signal) => store.watch(signal),
    ...registryOver(store, env),
  };
}

interface Header {
  readonly cluster_id: string;
  readonly revision: string;
}
interface KeyValue {
  readonly key: string;
  readonly value?: string;
  readonly mod_revision: string;
}
interface Range {
  readonly header: Header;
  readonly kvs?: readonly KeyValue[];
  readonly count?: string;
  readonly more?: boolean;
}
interface WatchMessage {
  readonly error?: { readonly message?: string };
  readonly result?: {
    readonly header: Header;
    readonly canceled?: boolean;
    readonly cancel_reason?: string;
    readonly compact_revision?: string;
    readonly events?: readonly { readonly type?: string; readonly kv: KeyValue }[];
  };
}

class Store implements RegistryRecords {
  readonly #urls: readonly string[];
  readonly #login: { readonly name: string; readonly password: string } | undefined;
  #token: Promise<string> | undefined;
  readonly #prefix: string;
  readonly #options: EtcdOptions;
  /** The lease of each registration, by owner. */
  readonly #leases = new Map<string, string>();
  #turn = 0;
  /** Distinguishes lives of a store: the id of a cluster does not. */
  #lives = 0;
  #revision = 0n;

  constructor(options: EtcdOptions, prefix: string) {
    this.#options = options;
    const given = options.url.split(',').map((url) => url.trim().replace(/\/+$/, ''));
    this.#urls = given.map((url) => url.replace(USER, '$1'));
    this.#login = given.map(loginIn).find((login) => login !== undefined);
    this.#prefix = prefix;
  }

  async put(record: BackendRecord, ttlMs: number): Promise<void> {
    const { backend, owner, since } = record;
    const [key, value] = [base64(this.#prefix + backend.id), base64(JSON.stringify(record))];
    let lease = this.#leases.get(owner);
    // A lease that was lost answers with a TTL of 0, or none.
    if (lease !== undefined && !((await this.#keepAlive(lease)) > 0)) lease = undefined;
    if (lease === undefined) {
      const granted = await this.#post<{ ID: string }>('lease/grant', {
        TTL: Math.max(1, Math.ceil(ttlMs / 1_000)),
      });
      lease = granted.ID;
      this.#leases.set(owner, lease);
    }
    const put = { request_put: { key, value, lease } };
    const { succeeded, responses } = await this.#post<{
      succeeded?: boolean;
      responses?: { response_range?: Range }[];
    }>('kv/txn', {
      compare: [
        { key, target: 'VALUE', result: 'EQUAL', value },
        { key, target: 'LEASE', result: 'EQUAL', lease },
      ],
      failure: [{ request_range: { key } }],
    });
    if (succeeded === true) return;
    const [known] = responses?.[0]?.response_range?.kvs ?? [];
    const other = known && recordIn(known);
    if (other !== undefined && other.owner !== owner && other.since > since)
      throw new Error(
        `id ${JSON.stringify(backend.id)} is in use by ${other.backend.url}, which registered later`,
      );
    await this.#post('kv/txn', { success: [put] });
  }

  /** Ends the lease, and with it the record, unless another owner has it. */
  async drop({ backend, owner }: BackendRecord): Promise<void> {
    const lease = this.#leases.get(owner);
    this.#leases.delete(owner);
    if (lease !== undefined) await this.#post('lease/revoke', { ID: lease });
    // Another process may have written it in the name of the same owner.
    const key = base64(this.#prefix + backend.id);
    const [known] = (await this.#post<Range>('kv/range', { key })).kvs ?? [];
    if (known === undefined || recordIn(known)?.owner !== owner) return;
    const compare = [{ key, target: 'VALUE', result: 'EQUAL', value: known.value }];
    await this.#post('kv/txn', { compare, success: [{ request_delete_range: { key } }] });
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Snapshot> {
    const { env, timeoutMs = 5_000 } = this.#options;
    const { random, timers } = { ...systemEnv, ...env };
    const backends = new Map<string, DiscoveredBackend>();
    const header = await this.#readAll(backends);
    let revision = BigInt(header.revision);
    // The cluster keeps its id when its data is lost, but begins at revision 1.
    if (revision < this.#revision) this.#lives++;
    const epoch = `${header.cluster_id}/${this.#lives}`;
    const snapshot = (): Snapshot => {
      this.#revision = revision;
      return { epoch, version: String(revision), backends: [...backends.values()] };
    };
    yield snapshot();
    const stop = new AbortController();
    const end = () => stop.abort();
    signal.addEventListener('abort', end);
    let tick: (() => void) | undefined;
    let cancelTick = () => {};
    try {
      const create_request = { ...this.#range, start_revision: String(revision + 1n), progress_notify: true };
      const answer = this.#fetch('watch', { create_request }, stop.signal);
      // The head comes with the first message.
      const response = await within(answer, timeoutMs, 'etcd', env);
      const messages = jsonLines((response.body ?? []) as AsyncIterable<Uint8Array>);
      let next = messages.next();
      next.catch(() => {});
      while (!signal.aborted) {
        const due = new Promise<undefined>((resolve) => (tick = () => resolve(undefined)));
        cancelTick = timers.schedule(() => tick?.(), PROBE_MS * (1 - 0.15 * random()), true);
        const message = await Promise.race([next, due]);
        cancelTick();
        if (message === undefined) {
          if (!(await this.#isAsTold(revision, backends.size))) throw new Error('the watch is dead');
          continue;
        }
        if (message.done === true) throw new Error('the watch ended');
        const { result, error } = message.value as WatchMessage;
        if (error !== undefined || result === undefined)
          throw new Error(error?.message ?? 'the watch failed');
        if (result.canceled === true)
          throw new Error(result.cancel_reason || `the watch is behind revision ${result.compact_revision}`);
        const { events = [] } = result;
        const news = new Set<string>();
        for (const { type, kv } of events) {
          const id = this.#idOf(kv);
          // That it was draining before it left must be told.
          if (type === 'DELETE' && news.delete(id)) yield snapshot();
          news.add(id);
          if (type === 'DELETE') backends.delete(id);
          else backends.set(id, recordIn(kv)?.backend ?? { id, url: text(kv.value) });
        }
        revision = BigInt(result.header.revision);
        if (events.length > 0) yield snapshot();
        next = messages.next();
        next.catch(() => {});
      }
    } finally {
      signal.removeEventListener('abort', end);
      cancelTick();
      stop.abort();
    }
  }

  /** All keys of the pool. */
  get #range() {
    const end =
      this.#prefix.slice(0, -1) + String.fromCharCode(this.#prefix.charCodeAt(this.#prefix.length - 1) + 1);
    return { key: base64(this.#prefix), range_end: base64(end) };
  }

  async #readAll(backends: Map<string, DiscoveredBackend>): Promise<Header> {
    let header: Header | undefined;
    let { key, range_end } = this.#range;
    for (;;) {
      const page: Range = await this.#post<Range>('kv/range', {
        key,
        range_end,
        limit: PAGE,
        ...(header && { revision: header.revision }),
      });
      header ??= page.header;
      const { kvs = [] } = page;
      for (const kv of kvs) {
        const id = this.#idOf(kv);
        backends.set(id, recordIn(kv)?.backend ?? { id, url: text(kv.value) });
      }
      const last = kvs.at(-1);
      if (page.more !== true || last === undefined) return header;
      key = base64(`${text(last.key)}\0`);
    }
  }

  /** Whether the store has what the watch has told, up to a change that is on its way. */
  async #isAsTold(revision: bigint, count: number): Promise<boolean> {
    const newest = { limit: 1, keys_only: true, sort_order: 'DESCEND', sort_target: 'MOD' };
    const range = await this.#post<Range>('kv/range', { ...this.#range, ...newest });
    const changed = BigInt(range.kvs?.[0]?.mod_revision ?? 0);
    return (
      Number(range.count ?? 0) === count && changed <= revision && BigInt(range.header.revision) >= revision
    );
  }

  #idOf({ key }: KeyValue): string {
    return text(key).slice(this.#prefix.length);
  }

  /** The TTL that a lease has left, in seconds. */
  async #keepAlive(lease: string): Promise<number> {
    const { result } = await this.#post<{ result?: { TTL?: string } }>('lease/keepalive', { ID: lease });
    return Number(result?.TTL ?? 0);
  }

  async #post<T>(path: string, body: object): Promise<T> {
    const { timeoutMs = 5_000 } = this.#options;
    const response = await this.#fetch(path, body, AbortSignal.timeout(timeoutMs));
    // A keepalive is a stream of one answer.
    return JSON.parse((await response.text()).split('\n')[0] ?? '') as T;
  }

  async #fetch(path: string, body: object, signal: AbortSignal): Promise<Response> {
    try {
      for (let hasNewToken = false; ; hasNewToken = true) {
        const token = this.#login && (this.#token ??= this.#logIn(signal));
        const response = await this.#send(path, body, signal, await token);
        if (response.ok) return response;
        const reason = (await response.text()).slice(0, 200);
        const isTokenOver = token !== undefined && (response.status === 401 || TOKEN_OVER.test(reason));
        if (!isTokenOver || hasNewToken) throw new Error(`status ${response.status}: ${reason}`);
        // Another request may have got a new one meanwhile.
        if (this.#token === token) this.#token = undefined;
      }
    } catch (error) {
      // Another member may work.
      this.#turn++;
      throw causeOf(error);
    }
  }

  /** @returns a token */
  async #logIn(signal: AbortSignal): Promise<string> {
    try {
      const response = await this.#send('auth/authenticate', this.#login as object, signal, undefined);
      const answer = await response.text();
      if (!response.ok)
        throw new Error(`log-in failed with status ${response.status}: ${answer.slice(0, 200)}`);
      return (JSON.parse(answer) as { token: string }).token;
    } catch (error) {
      this.#token = undefined;
      throw error;
    }
  }

  #send(path: string, body: object, signal: AbortSignal, token: string | undefined): Promise<Response> {
    const { headers = {}, fetch = globalThis.fetch } = this.#options;
    return fetch(`${this.#urls[this.#turn % this.#urls.length]}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...(token && { authorization: token }), ...headers },
      signal,
    });
  }
}

/** A user and a password in a URL. */
const USER = /^(\w+:\/\/)[^/@]*@/;
/** What etcd says of a token that is over, unknown after a restart, or older than a change of its users. */
const TOKEN_OVER = /invalid auth token|user name is empty|revision in header is old/;

function loginIn(url: string): { name: string; password: string } | undefined {
  if (!USER.test(url)) return undefined;
  const { username, password } = new URL(url);
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** `fetch failed` says nothing. */
function causeOf(error: unknown): Error {
  const { cause } = error as { cause?: NodeJS.ErrnoException };
  return cause === undefined ? (error as Error) : new Error(cause.code ?? cause.message, { cause: error });
}

function recordIn({ value }: KeyValue): BackendRecord | undefined {
  try {
    return JSON.parse(text(value)) as BackendRecord;
  } catch {
    return undefined;
  }
}

function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}

function text(value = ''): string {
  return Buffer.from(value, 'base64').toString();
}
