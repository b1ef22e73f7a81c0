import type { BlockList } from 'node:net';
import { forwardedNode } from 'evenkeel/internal';
import { isTrusted, plainAddress } from './trusted-proxies.ts';

/** What all requests of one connection have in common; found out once. */
export class ClientConnection {
  /** The address of the peer, an IPv4-mapped one as IPv4. */
  readonly address: string;
  readonly isEncrypted: boolean;
  /** Whether its word on where a request comes from is taken. */
  readonly isTrusted: boolean;
  /** The peer as `for=` of `Forwarded` says it (RFC 7239 section 6). */
  readonly forwardedFor: string;

  /** Whether a host may be asked for here; `undefined` where any may. */
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
