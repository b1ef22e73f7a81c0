// The certificates of a listener, by the name that a client asks for (RFC 6066 section 3).
import { createSecureContext, type SecureContext } from 'node:tls';
import type { ResolvedListener } from '../config/resolved-config.ts';

/** The TLS settings of a listener. */
export type TlsSettings = NonNullable<ResolvedListener['tls']>;

/** A certificate in use. */
interface Entry {
  readonly context: SecureContext;
  /** In lower case. `*.` before a name stands for every name one level below it. */
  readonly names: readonly string[];
}

/** Finds certificates by name. */
export class Certificates {
  #entries: readonly Entry[];

  constructor(settings: TlsSettings) {
    this.#entries = entriesOf(settings);
  }

  /**
   * Replaces the certificates, for handshakes from now on.
   * @throws Error if one cannot be used; then nothing has changed
   */
  replace(settings: TlsSettings): void {
    this.#entries = entriesOf(settings);
  }

  /** The certificate for a name; the first one if there is none. */
  contextFor(name: string): SecureContext {
    return this.#find(name).context;
  }

  /**
   * Whether a client that named one host in its handshake may send requests for another one (RFC 9110 section
   * 7.4).
   */
  areTogether(one: string, other: string): boolean {
    return this.#find(one) === this.#find(other);
  }

  #find(name: string): Entry {
    const wanted = name.toLowerCase();
    const dot = wanted.indexOf('.');
    const below = dot < 0 ? undefined : `*${wanted.slice(dot)}`;
    return (
      this.#entries.find(({ names }) => names.includes(wanted)) ??
      this.#entries.find(({ names }) => below !== undefined && names.includes(below)) ??
      (this.#entries[0] as Entry)
    );
  }
}

function entriesOf({ certificates, minVersion }: TlsSettings): Entry[] {
  return certificates.map(({ cert, key, names }) => ({
    context: createSecureContext({ cert, key, minVersion }),
    names,
  }));
}
