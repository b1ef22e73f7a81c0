// The part of a client that all requests of one connection share.
import type { BlockList } from 'node:net';
import { forwardedNode } from 'evenkeel/internal';
import { isTrusted, plainAddress } from './trusted-proxies.ts';

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

  constructor(
    remoteAddress: string | undefined,
    isEncrypted: boolean,
    trustedProxies: BlockList,
    serves?: (host: string) => boolean,
  ) {
    this.serves = serves;
    this.address = plainAddress(remoteAddress ?? '');
    this.isEncrypted = isEncrypted;
    this.isTrusted = isTrusted(this.address, trustedProxies);
    this.forwardedFor = forwardedNode(this.address);
  }

  get scheme(): 'http' | 'https' {
    return this.isEncrypted ? 'https' : 'http';
  }
}
