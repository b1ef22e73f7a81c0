import { createSecureContext, type SecureContext } from 'node:tls';
import type { ResolvedListener } from '../config/resolved-config.ts';

/** What a listener is told of TLS. */
export type TlsSettings = NonNullable<ResolvedListener['tls']>;

/** A certificate in use. */
interface Entry {
  readonly context: SecureContext;
  /** In lower case; `*.` before those of which it is for every name one below. */
  readonly names: readonly string[];
}

/** Finds the certificate for a name. */
export class Certificates {
  #entries: readonly Entry[];

  constructor(settings: TlsSettings) {
    this.#entries = entriesOf(settings);
  }

  /**
   * Other certificates, for handshakes from now on.
   * @throws Error where one cannot be used; then nothing has changed
   */
  replace(settings: TlsSettings): void {
    this.#entries = entriesOf(settings);
  }

  /** The one for a name, the first where none is. */
  contextFor(name: string): SecureContext {
    return this.#find(name).context;
  }

  /**
   * Whether a client that named one host in its handshake may ask for another in its requests (RFC 9110
   * section 7.4).
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
