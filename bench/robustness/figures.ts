// The figures of a gateway: the resources that it holds.

import { formatBytes, formatCount } from '../text.ts';

/** The resources that a gateway holds, read when it is at rest. */
export interface GatewayFigures {
  readonly rssBytes: number;
  /** Bytes in use after a garbage collection: objects and buffers. */
  readonly usedBytes: number;
  /** Open files and sockets. */
  readonly files: number;
  /** Leases, over all pools. */
  readonly leases: number;
  /** Requests in flight. */
  readonly requests: number;
  readonly tunnels: number;
  /** Connections of clients. */
  readonly connections: number;
  /** Backends that get requests. */
  readonly alive: number;
  /** Ejections because of failed requests, among the last 100 events. */
  readonly ejections: number;
  /** How often health checks marked a backend down. */
  readonly downs: number;
}

/** Numbers by name. The names end with the unit. */
export type Figures = Readonly<Record<string, number>>;

/** Figures as text: `openMs: 1200` becomes `open 1,200 ms`. */
export function figuresText(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => {
      const words = name
        .replace(/(?:Bytes|Ms)$/, '')
        .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
      return `${words} ${amount(name, value)}`;
    })
    .join(', ');
}

function amount(name: string, value: number): string {
  if (name.endsWith('Bytes')) return `${value < 0 ? '-' : ''}${formatBytes(Math.abs(value))}`;
  return `${formatCount(Math.round(value))}${name.endsWith('Ms') ? ' ms' : ''}`;
}
