// What an entry of the caller's array had in it when it was read, to notice that it was changed in place.

import type { BackendTraits } from '../contracts.ts';

/** What the forms of an entry have, or one of them. */
type AnyEntry = { readonly [Name in keyof BackendTraits]?: unknown } & {
  readonly IPAddr?: unknown;
  readonly Port?: unknown;
  readonly url?: unknown;
  readonly host?: unknown;
  readonly hostname?: unknown;
  readonly address?: unknown;
  readonly port?: unknown;
  readonly protocol?: unknown;
};

/** Compares an entry with what it was. */
export interface EntrySnapshot {
  /** Whether the entry has not changed since. Never throws. */
  fits(entry: unknown): boolean;
}

/** @returns `undefined` for an entry that cannot change, such as a string */
export function snapshotOf(entry: unknown): EntrySnapshot | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  try {
    if (isUrl(entry)) return new UrlSnapshot(entry);
    return 'IPAddr' in entry || 'url' in entry ? new AddressSnapshot(entry) : new HostSnapshot(entry);
  } catch {
    return UNREADABLE;
  }
}

/** Whether a value is a `URL`, of this realm or of another one. */
export function isUrl(value: unknown): value is URL {
  return Object.prototype.toString.call(value) === '[object URL]';
}

/** Of an entry with a getter that throws: it fits as long as one does. */
const UNREADABLE: EntrySnapshot = { fits: (entry) => snapshotOf(entry) === UNREADABLE };

class UrlSnapshot implements EntrySnapshot {
  readonly #href: string;

  constructor({ href }: URL) {
    this.#href = href;
  }

  fits(entry: unknown): boolean {
    return (entry as URL).href === this.#href;
  }
}

/**
 * Of an entry with `IPAddr` or `url`. Each entry is compared once in n picks, so that this is on the path of
 * requests: it is written out property by property, as a loop over names takes several times as long.
 */
class AddressSnapshot implements EntrySnapshot {
  readonly #IPAddr: unknown;
  readonly #Port: unknown;
  readonly #url: unknown;
  readonly #id: unknown;
  readonly #weight: unknown;
  readonly #zone: unknown;
  readonly #backup: unknown;
  readonly #concurrency: unknown;

  constructor(entry: AnyEntry) {
    this.#IPAddr = entry.IPAddr;
    this.#Port = entry.Port;
    this.#url = textOf(entry.url);
    this.#id = entry.id;
    this.#weight = entry.weight;
    this.#zone = entry.zone;
    this.#backup = entry.backup;
    this.#concurrency = entry.concurrency;
  }

  fits(now: AnyEntry): boolean {
    try {
      return (
        (now.IPAddr === this.#IPAddr &&
          now.Port === this.#Port &&
          now.url === this.#url &&
          now.id === this.#id &&
          now.weight === this.#weight &&
          now.zone === this.#zone &&
          now.backup === this.#backup &&
          now.concurrency === this.#concurrency) ||
        isSame(this.values, new AddressSnapshot(now).values)
      );
    } catch {
      return false;
    }
  }

  get values(): unknown[] {
    const address = [this.#IPAddr, this.#Port, this.#url];
    return [...address, this.#id, this.#weight, this.#zone, this.#backup, this.#concurrency];
  }
}

/** Of an entry with a host and a port. */
class HostSnapshot extends AddressSnapshot {
  readonly #host: unknown;
  readonly #hostname: unknown;
  readonly #address: unknown;
  readonly #port: unknown;
  readonly #protocol: unknown;

  constructor(entry: AnyEntry) {
    super(entry);
    this.#host = entry.host;
    this.#hostname = entry.hostname;
    this.#address = entry.address;
    this.#port = entry.port;
    this.#protocol = entry.protocol;
  }

  override fits(now: AnyEntry): boolean {
    try {
      return (
        super.fits(now) &&
        ((now.host === this.#host &&
          now.hostname === this.#hostname &&
          now.address === this.#address &&
          now.port === this.#port &&
          now.protocol === this.#protocol) ||
          isSame(this.hostValues, new HostSnapshot(now).hostValues))
      );
    } catch {
      return false;
    }
  }

  get hostValues(): unknown[] {
    return [this.#host, this.#hostname, this.#address, this.#port, this.#protocol];
  }
}

/** A `URL` in the property `url` may be changed, too. */
function textOf(url: unknown): unknown {
  return typeof url === 'object' && isUrl(url) ? url.href : url;
}

/** NaN is the same as NaN: an entry with this invalid weight must not look changed at each comparison. */
function isSame(values: readonly unknown[], others: readonly unknown[]): boolean {
  return values.every((value, i) => Object.is(value, others[i]));
}
