// The rings of other load balancers: where they place servers and keys.

/** A server, as the rings see it. */
export interface RingServer {
  readonly id: string;
  /** Index into the tables of the pool. */
  readonly slot: number;
  /** The weight, which slow start lowers. */
  readonly weight: number;
  /** The configured weight. */
  readonly nominalWeight: number;
}

/** The ring of another load balancer. Its keys and servers are hashed as bytes of UTF-8. */
export interface PeerRing {
  /** Its name and all settings that determine the server of a key. */
  readonly name: string;
  /** Whether a key belongs to the nearest point; else to the first one at or after it. */
  readonly isNearest: boolean;
  /** How many points are looked at when servers are out. */
  readonly steps: number;
  /** The position of a key, as a signed 32-bit integer. */
  position(key: string): number;
  /** Calls `add` for each point, server by server. The points are signed or unsigned. */
  place(servers: readonly RingServer[], add: (point: number, server: RingServer) => void): void;
}

/** Host and port of a server, out of its id. */
interface HostAndPort {
  readonly host: string;
  /** `undefined` if neither the id nor its scheme tells. */
  readonly port: number | undefined;
}

/** The id without the scheme and the path of a URL: what the other configuration calls the server. */
export function nameOf({ id }: RingServer): string {
  return /^https?:\/\/([^/]+)/.exec(id)?.[1] ?? id;
}

/** The host and the port of a server. For a URL without a port, that of its scheme. */
export function addressOf(server: RingServer): HostAndPort {
  const name = nameOf(server);
  const [, host = name, port] = /^(.*):(\d+)$/.exec(name) ?? [];
  if (port !== undefined) return { host, port: Number(port) };
  if (name === server.id) return { host, port: undefined };
  return { host, port: server.id.startsWith('https:') ? 443 : 80 };
}
