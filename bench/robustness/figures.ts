import { formatBytes, formatCount } from '../text.ts';

/** What a gateway has and holds now, asked when it is at rest. */
export interface GatewayFigures {
  readonly rssBytes: number;
  /** In use after a garbage collection: objects and buffers. */
  readonly usedBytes: number;
  /** Open files and sockets. */
  readonly files: number;
  /** Leases, over all pools. */
  readonly leases: number;
  /** Requests under way. */
  readonly requests: number;
  readonly tunnels: number;
  /** Connections of clients. */
  readonly connections: number;
  /** Backends that take requests. */
  readonly alive: number;
  /** How often one was ejected for how requests ended, as far as the last 100 events tell. */
  readonly ejections: number;
  /** How often one was found to be down by its checks. */
  readonly downs: number;
}

/** Numbers by name; the names end in their unit. */
export type Figures = Readonly<Record<string, number>>;

/** Figures for people: `openMs: 1200` is `open 1,200 ms`. */
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
