// Backends from DNS: each address of a name, or each target of its SRV records.

import system from 'node:dns';
import { getServers, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Env, systemEnv } from '../../env.ts';
import { bag, checkBag, checkNeeded } from '../../options/bag.ts';
import { anEnv } from '../../options/env-bag.ts';
import { aBoolean, anInteger, aText, oneOf, type Rule } from '../../options/rule.ts';
import type { Discovery, Snapshot } from '../discovery.ts';
import type { KnownBackend } from '../snapshot-check.ts';
import { pause } from './pause.ts';
import { within } from './within.ts';

/** Settings of {@link dns}. */
export interface DnsOptions {
  /** The host name, or that of the SRV records, such as `_http._tcp.shop.internal`. */
  readonly name: string;
  /** Which records to ask for. @defaultValue A and AAAA */
  readonly type?: 'a' | 'aaaa' | 'srv';
  /** The port of the backends, needed unless SRV records say it. */
  readonly port?: number;
  /** @defaultValue `'http'` */
  readonly protocol?: 'http' | 'https';
  /** The address of a name server, with or without a port. @defaultValue as the system resolves names */
  readonly server?: string;
  /**
   * Whether `url` keeps the host name, and `address` has the address: for shells that connect to `address`.
   * @defaultValue false
   */
  readonly keepName?: boolean;
  readonly env?: Partial<Env>;
}

const aServer: Rule = {
  words: 'an IP address, with or without a port',
  holds: (value) => typeof value === 'string' && (isIP(value) > 0 || isIP(hostOf(value)) > 0),
};
const hostOf = (server: string) => /^\[?(.*?)\]?:\d{1,5}$/.exec(server)?.[1] ?? '';

const OPTIONS = bag<DnsOptions>({
  name: aText,
  type: oneOf(['a', 'aaaa', 'srv']),
  port: anInteger(1, 65_535),
  protocol: oneOf(['http', 'https']),
  server: aServer,
  keepName: aBoolean,
  env: anEnv,
});

const MIN_TTL_MS = 1_000;
const MAX_TTL_MS = 30_000;
/** Where no TTL is known: `resolveSrv` and the system's own look-up tell none. */
const NO_TTL_MS = 5_000;
const JITTER = 0.15;
/** How long the answer of a name server is waited for once the system has answered. */
const PATIENCE_MS = 200;
const MAX_WEIGHT = 1_000;

/** The records of one question. */
interface Answer {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}
const NONE: Answer = { addresses: [], ttlMs: NO_TTL_MS };

/**
 * Discovers backends by DNS. Each address is a backend, with its base URL as the id; of SRV records each
 * target is one, those of a lower priority are backups. A name is asked for again when its TTL is over, after
 * 1 to 30 s. Without `server`, names of the hosts file and of search domains work, too.
 *
 * @example
 * ```ts
 * const discovery = dns({ name: 'shop.internal', port: 8080 });
 * ```
 * @throws TypeError or RangeError that names the option and its value
 */
export function dns(options: DnsOptions): Discovery {
  checkBag(options, OPTIONS, 'dns');
  checkNeeded(options, OPTIONS, 'dns', options.type === 'srv' ? ['name'] : ['name', 'port']);
  const { name, env } = options;
  const { random } = { ...systemEnv, ...env };
  const last = new Map<string, Answer>();
  let version = 0;
  return {
    name: `dns ${name}`,
    retireAfter: 2,
    async *watch(signal): AsyncGenerator<Snapshot> {
      const names = new Names(options, last, signal);
      let known: ReadonlySet<string> = new Set();
      while (!signal.aborted) {
        const { backends, ttlMs } = await (options.type === 'srv' ? services : hosts)(names, options);
        if (signal.aborted) return;
        yield { epoch: name, version: String(++version), backends };
        const ids = new Set(backends.map(({ id }) => id));
        // A record that is missing may be missing from this answer alone.
        const isShort = [...known].some((id) => !ids.has(id));
        known = ids;
        const waitMs = isShort ? MIN_TTL_MS : Math.min(Math.max(ttlMs, MIN_TTL_MS), MAX_TTL_MS);
        await pause(waitMs * (1 - JITTER * random()), signal, env);
      }
    },
  };
}

interface Found {
  readonly backends: readonly KnownBackend[];
  readonly ttlMs: number;
}

async function hosts(names: Names, options: DnsOptions): Promise<Found> {
  const { name, port = 0 } = options;
  const { addresses, ttlMs } = await names.addressesOf(name, familiesOf(options));
  return { backends: addresses.map((address) => backendAt(options, name, port, address, {})), ttlMs };
}

async function services(names: Names, options: DnsOptions): Promise<Found> {
  const records = await names.services(options.name);
  const best = Math.min(...records.map(({ priority }) => priority));
  const scale = Math.min(1, MAX_WEIGHT / Math.max(1, ...records.map(({ weight }) => weight)));
  const found = records.map(async (record): Promise<readonly KnownBackend[]> => {
    const traits = { weight: Math.max(1, record.weight * scale), backup: record.priority > best };
    const target = record.name.replace(/\.$/, '');
    const { protocol = 'http', keepName } = options;
    const url = `${protocol}://${target}:${record.port}`;
    if (keepName !== true) return [{ id: url, url, ...traits }];
    const { addresses } = await names.addressesOf(target, [4, 6]);
    const [address] = addresses;
    if (addresses.length === 1 && address !== undefined) return [{ id: url, url, address, ...traits }];
    return addresses.map((one) => backendAt(options, target, record.port, one, traits));
  });
  return { backends: (await Promise.all(found)).flat(), ttlMs: NO_TTL_MS };
}

function familiesOf({ type }: DnsOptions): readonly (4 | 6)[] {
  return type === 'a' ? [4] : type === 'aaaa' ? [6] : [4, 6];
}

function backendAt(
  { protocol = 'http', keepName }: DnsOptions,
  name: string,
  port: number,
  address: string,
  traits: object,
): KnownBackend {
  const id = new URL(`${protocol}://${isIP(address) === 6 ? `[${address}]` : address}:${port}`).origin;
  return keepName === true
    ? { id, url: `${protocol}://${name}:${port}`, address, ...traits }
    : { id, url: id, ...traits };
}

/** Looks names up, and remembers the last records of each question, for those that fail. */
class Names {
  readonly #resolver = new Resolver({ timeout: 1_000, tries: 2 });
  readonly #isOwnServer: boolean;
  readonly #last: Map<string, Answer>;
  /** Names that the system knows and DNS does not, or knows otherwise: those of the hosts file. */
  readonly #local = new Map<string, boolean>();

  readonly #env: Partial<Env> | undefined;

  constructor({ server, env }: DnsOptions, last: Map<string, Answer>, signal: AbortSignal) {
    this.#last = last;
    this.#env = env;
    this.#isOwnServer = server !== undefined;
    // Those of the process may have been set by `dns.setServers`.
    this.#resolver.setServers(server === undefined ? getServers() : [server]);
    signal.addEventListener('abort', () => this.#resolver.cancel());
  }

  async services(name: string) {
    try {
      const records = await this.#resolver.resolveSrv(name);
      // The target "." says that there is no such service.
      return records.filter((record) => !/^\.?$/.test(record.name));
    } catch (error) {
      if (isNone(error)) return [];
      throw troubleOf(error, `SRV records of ${name}`);
    }
  }

  /** @throws Error if no question was answered */
  async addressesOf(name: string, families: readonly (4 | 6)[]): Promise<Answer> {
    if (this.#isOwnServer) return this.#records(name, families);
    const isLocal = this.#local.get(name);
    if (isLocal === false) return this.#records(name, families);
    const asked = this.#records(name, families).catch((error: Error) => error);
    const ofSystem = await this.#ofSystem(name, families);
    if (isLocal === true && ofSystem !== undefined) return ofSystem;
    // A name server that cannot be reached takes seconds to fail. Until then the system's answer is used.
    const isKnown = ofSystem !== undefined;
    const records = await (isKnown
      ? within(asked, PATIENCE_MS, name, this.#env).catch(() => undefined)
      : asked);
    if (records === undefined) return { ...(ofSystem as Answer), ttlMs: MIN_TTL_MS };
    if (ofSystem === undefined) {
      if (records instanceof Error) throw records;
      return records;
    }
    const isSame =
      !(records instanceof Error) && records.addresses.some((one) => ofSystem.addresses.includes(one));
    this.#local.set(name, !isSame);
    return isSame ? records : ofSystem;
  }

  async #records(name: string, families: readonly (4 | 6)[]): Promise<Answer> {
    const answers = await Promise.allSettled(families.map((family) => this.#ask(name, family)));
    const failed = answers.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    const good = answers.flatMap((answer, i) => {
      if (answer.status === 'fulfilled') return [answer.value];
      // One family may fail alone: what it had stays.
      return this.#last.get(`${name} ${families[i]}`) ?? [];
    });
    if (failed !== undefined && answers.every(({ status }) => status === 'rejected')) throw failed.reason;
    // Servers give them by turns, which is no change.
    const addresses = good.flatMap((answer) => answer.addresses).sort();
    if (failed !== undefined && addresses.length === 0) throw failed.reason;
    const ttls = good.filter((answer) => answer.addresses.length > 0).map((answer) => answer.ttlMs);
    return { addresses, ttlMs: ttls.length === 0 ? NO_TTL_MS : Math.min(...ttls) };
  }

  async #ask(name: string, family: 4 | 6): Promise<Answer> {
    try {
      const records = await (family === 4
        ? this.#resolver.resolve4(name, { ttl: true })
        : this.#resolver.resolve6(name, { ttl: true }));
      const answer = {
        addresses: [...new Set(records.map(({ address }) => address))],
        ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1_000,
      };
      this.#last.set(`${name} ${family}`, answer);
      return answer;
    } catch (error) {
      if (isNone(error)) return NONE;
      throw troubleOf(error, `addresses of ${name}`);
    }
  }

  /** As the system resolves a name: with the hosts file and search domains. `undefined` if it does not. */
  #ofSystem(name: string, families: readonly (4 | 6)[]): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      // Read when it is called: programs replace it, such as those that keep what was looked up.
      system.lookup(name, { all: true }, (error, found) => {
        const fit = (found ?? []).filter(({ family }) => families.includes(family as 4 | 6));
        const addresses = [...new Set(fit.map(({ address }) => address))];
        resolve(error === null && addresses.length > 0 ? { addresses, ttlMs: NO_TTL_MS } : undefined);
      });
    });
  }
}

/** Whether an error is the answer that there are no such records. */
function isNone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOTFOUND' || code === 'ENODATA';
}

function troubleOf(error: unknown, what: string): Error {
  return new Error(`${what}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
}
