// The part of a client that all requests of one connection share.
import { forwardedNode } from 'evenkeel/internal';
import type { Authority } from './authority.ts';
import { isTrusted, plainAddress, type TrustedProxies, UNIX_PEER } from './trusted-proxies.ts';

/** `Host`, `Via`, `Forwarded` and `X-Forwarded-*` as text, and what they follow from. */
export interface ForwardedLines {
  readonly authority: Authority;
  readonly version: string;
  readonly name: string;
  readonly text: string;
}

/** A connection of a client. Its properties are computed once, not for each request. */
export class ClientConnection {
  /** The address of the peer; an IPv4-mapped address is written as IPv4. Empty on a unix socket. */
  readonly address: string;
  readonly isEncrypted: boolean;
  /** Whether the peer is a proxy whose `X-Forwarded-*` and `Forwarded` are trusted. */
  readonly isTrusted: boolean;
  /** The peer in the form of `for=` (RFC 7239 section 6). */
  readonly forwardedFor: string;
  /** Whether requests for a host are allowed on this connection; `undefined` if all hosts are. */
  readonly serves: ((host: string) => boolean) | undefined;
  /** What {@link forwardedLines} has made for the last request: most requests of a connection are alike. */
  forwarded: ForwardedLines | undefined;

  /** @param remoteAddress - of the peer; {@link UNIX_PEER} on a unix socket */
  constructor(
    remoteAddress: string | undefined,
    isEncrypted: boolean,
    trustedProxies: TrustedProxies,
    serves?: (host: string) => boolean,
  ) {
    this.serves = serves;
    this.address = remoteAddress === UNIX_PEER ? '' : plainAddress(remoteAddress ?? '');
    this.isEncrypted = isEncrypted;
    this.isTrusted = isTrusted(remoteAddress === UNIX_PEER ? UNIX_PEER : this.address, trustedProxies);
    this.forwardedFor = forwardedNode(this.address);
  }

  get scheme(): 'http' | 'https' {
    return this.isEncrypted ? 'https' : 'http';
  }
}
