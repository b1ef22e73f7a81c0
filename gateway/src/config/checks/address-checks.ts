// Checks the addresses of listeners.
import { isIP } from 'node:net';
import { needsNoPort } from '../handed-over.ts';
import type { GatewayConfig } from '../schema.ts';
import { shownValue } from '../shown-value.ts';

interface Address {
  readonly host: string | undefined;
  readonly port: number;
  /** The name of the listener in messages, for example `listeners[0]`. */
  readonly where: string;
}

/** Mistakes in the addresses of listeners; a listener that is wrong by itself is a hole in their list. */
export function addressProblems({ listeners, admin }: Pick<GatewayConfig, 'listeners' | 'admin'>): string[] {
  const addresses: Address[] = listeners.map(({ host, port }, i) => ({
    host,
    port,
    where: `listeners[${i}]`,
  }));
  if (admin !== undefined) addresses.push({ host: admin.host, port: admin.port, where: 'admin' });
  return [
    ...listeners.flatMap(({ h2c, tls }, i) =>
      h2c && tls !== undefined ? [`listeners[${i}].h2c must be false where there is tls, got true`] : [],
    ),
    ...listeners.flatMap(({ name }, i) => {
      const twin = name === undefined ? -1 : listeners.findIndex((other) => other?.name === name);
      return twin < 0 || twin === i
        ? []
        : [
            `listeners[${i}].name must be another than that of listeners[${twin}], got ${shownValue(name)} in both`,
          ];
    }),
    ...addresses.flatMap((address, i) => {
      const rival = addresses.slice(0, i).find((other) => other !== undefined && overlap(address, other));
      return rival === undefined ? [] : [clash(address, rival)];
    }),
  ];
}

function clash({ host, port, where }: Address, rival: Address): string {
  if (needsNoPort(host))
    return `${where}.host must be another than that of ${rival.where}, got ${shownValue(host)} in both`;
  const hosts =
    host === rival.host ? `${shownHost(host)} in both` : `${shownHost(host)} and ${shownHost(rival.host)}`;
  return `${where}.port must be another than that of ${rival.where}, got ${port} on ${hosts}`;
}

function shownHost(host: string | undefined): string {
  return host === undefined ? 'every address' : shownValue(host);
}

/** Whether two sockets exclude each other. Port 0 never conflicts. */
function overlap(a: Address, b: Address): boolean {
  if (needsNoPort(a.host) || needsNoPort(b.host)) return a.host === b.host;
  if (a.port !== b.port || a.port === 0) return false;
  const [mine, other] = [reachOf(a.host), reachOf(b.host)];
  if (mine.host === other.host) return true;
  const wide = mine.host === '*' ? mine : other.host === '*' ? other : undefined;
  if (wide === undefined) return false;
  const narrow = wide === mine ? other : mine;
  return wide.family === 0 || narrow.family === 0 || wide.family === narrow.family;
}

/** The host in canonical form, `*` for all addresses of a family; and the family, 0 for both. */
function reachOf(host: string | undefined): { host: string; family: number } {
  if (host === undefined) return { host: '*', family: 0 };
  const family = isIP(host);
  if (family === 4) return { host: host === '0.0.0.0' ? '*' : host, family };
  if (family === 6 && !host.includes('%')) {
    const plain = new URL(`http://[${host}]`).hostname;
    // `::` listens on IPv4, too.
    return plain === '[::]' ? { host: '*', family: 0 } : { host: plain, family };
  }
  return { host: host.toLowerCase(), family };
}
