// The addresses of the host names in a pool's URLs, looked up again and again.
import { isIP } from 'node:net';
import { type DiscoveryStats, type DiscoveryWatch, steady } from 'evenkeel/discovery';
import { dns } from 'evenkeel/discovery/dns';
import type { ResolvedPool } from '../config/resolved-config.ts';

/** What a watch over host names tells. */
interface HostListener {
  /** The addresses of a host are others than before. */
  changed(): void;
  report(line: string): void;
  /** Whether the backend at an address of a host is down by health checks. */
  isDown(host: string, address: string): boolean;
}

/** Watches the addresses of host names. */
export class HostAddresses {
  readonly #watches = new Map<string, DiscoveryWatch>();
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #settings: ResolvedPool['dns'];

  /** @param before - what is known already, of a pool before */
  constructor(settings: ResolvedPool['dns'], before?: HostAddresses) {
    this.#settings = settings;
    if (before === undefined) return;
    for (const [host, addresses] of before.#addresses) this.#addresses.set(host, addresses);
  }

  /** The addresses of the host of a URL; none if it is not to be looked up, or is not known yet. */
  of(url: string): readonly string[] {
    const host = this.#settings === false ? undefined : hostToLookUp(url);
    return host === undefined ? [] : (this.#addresses.get(host) ?? []);
  }

  /** Watches the hosts of these URLs, and no others. */
  watch(urls: readonly string[], listener: HostListener): void {
    const hosts = new Set(this.#settings === false ? [] : urls.map(hostToLookUp));
    for (const [host, watch] of this.#watches) {
      if (hosts.has(host)) continue;
      watch.close();
      this.#watches.delete(host);
      this.#addresses.delete(host);
    }
    for (const host of hosts)
      if (host !== undefined && !this.#watches.has(host))
        this.#watches.set(host, this.#start(host, listener));
  }

  /** To be called when a backend is down by health checks. */
  recheck(): void {
    for (const watch of this.#watches.values()) watch.recheck();
  }

  stats(): DiscoveryStats[] {
    return [...this.#watches.values()].map((watch) => watch.stats());
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }

  #start(host: string, listener: HostListener): DiscoveryWatch {
    const { server, type, name } = this.#settings || {};
    const own = name === host && (type === 'a' || type === 'aaaa') ? { type } : {};
    const source = dns({ name: host, port: 80, keepName: true, ...(server && { server }), ...own });
    const remembered = (this.#addresses.get(host) ?? []).map((address) => ({
      id: idOf(address),
      url: `http://${host}`,
      address,
    }));
    const addressOf = new Map(remembered.map(({ id, address }) => [id, address]));
    return steady(source).start(
      {
        changed: ({ backends }) => {
          for (const { id = '', address = '' } of backends) addressOf.set(id, address);
          const addresses = backends.flatMap(({ address }) => address ?? []);
          this.#addresses.set(host, addresses.sort());
          listener.changed();
        },
        report: (line) => listener.report(line),
        isDown: (id) => listener.isDown(host, addressOf.get(id) ?? ''),
      },
      remembered,
    );
  }
}

function idOf(address: string): string {
  return `http://${isIP(address) === 6 ? `[${address}]` : address}`;
}

/** The host of a URL if its address may change: no IP address, and not this machine. */
function hostToLookUp(url: string): string | undefined {
  const host = /^https?:\/\/([^/:[\]]+)(?=[:/]|$)/i.exec(url)?.[1]?.toLowerCase();
  return host === undefined || isIP(host) > 0 || /^(.*\.)?localhost\.?$/.test(host) ? undefined : host;
}
