// What an entry of the caller's array had in it when it was read, to notice that it was changed in place.

/** What the forms of an entry have, or one of them. */
interface AnyEntry {
  readonly IPAddr?: unknown;
  readonly Port?: unknown;
  readonly url?: unknown;
  readonly host?: unknown;
  readonly hostname?: unknown;
  readonly address?: unknown;
  readonly port?: unknown;
  readonly protocol?: unknown;
  readonly id?: unknown;
  readonly weight?: unknown;
  readonly zone?: unknown;
  readonly backup?: unknown;
  readonly concurrency?: unknown;
}

/** Compares an entry with what it was. */
export interface EntrySnapshot {
  /** Whether the entry has not changed since. Never throws. */
  fits(entry: unknown): boolean;
}

/** @returns `undefined` for an entry that cannot change, such as a string */
export function snapshotOf(entry: unknown): EntrySnapshot | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  try {
    return isUrl(entry) ? new UrlSnapshot(entry) : new PropertySnapshot(entry);
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

/** Written out property by property, as a loop over names takes several times as long. */
class PropertySnapshot implements EntrySnapshot {
  readonly #IPAddr: unknown;
  readonly #Port: unknown;
  readonly #url: unknown;
  readonly #host: unknown;
  readonly #hostname: unknown;
  readonly #address: unknown;
  readonly #port: unknown;
  readonly #protocol: unknown;
  readonly #id: unknown;
  readonly #weight: unknown;
  readonly #zone: unknown;
  readonly #backup: unknown;
  readonly #concurrency: unknown;

  constructor(entry: AnyEntry) {
    this.#IPAddr = entry.IPAddr;
    this.#Port = entry.Port;
    this.#url = textOf(entry.url);
    this.#host = entry.host;
    this.#hostname = entry.hostname;
    this.#address = entry.address;
    this.#port = entry.port;
    this.#protocol = entry.protocol;
    this.#id = entry.id;
    this.#weight = entry.weight;
    this.#zone = entry.zone;
    this.#backup = entry.backup;
    this.#concurrency = entry.concurrency;
  }

  fits(now: AnyEntry): boolean {
    try {
      return (
        isSame(now.weight, this.#weight) &&
        isSame(now.id, this.#id) &&
        isSame(now.zone, this.#zone) &&
        isSame(now.backup, this.#backup) &&
        isSame(now.concurrency, this.#concurrency) &&
        isSame(now.IPAddr, this.#IPAddr) &&
        isSame(now.Port, this.#Port) &&
        isSame(textOf(now.url), this.#url) &&
        isSame(now.host, this.#host) &&
        isSame(now.hostname, this.#hostname) &&
        isSame(now.address, this.#address) &&
        isSame(now.port, this.#port) &&
        isSame(now.protocol, this.#protocol)
      );
    } catch {
      return false;
    }
  }
}

/** A `URL` in the property `url` may be changed, too. */
function textOf(url: unknown): unknown {
  return typeof url === 'object' && isUrl(url) ? url.href : url;
}

/** NaN is the same as NaN: an entry with this invalid weight must not look changed at each comparison. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b);
}
