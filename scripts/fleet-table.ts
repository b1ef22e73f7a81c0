// The command `npm run fleet:table`: what a fleet costs, as arithmetic. Its output stands in docs/fleet.md.
import { fileURLToPath } from 'node:url';
import { readArguments, readInteger } from '../examples/terminal/arguments.ts';

/** How large a fleet is. */
export interface FleetSize {
  readonly gateways: number;
  readonly backends: number;
  /** Backends of one cell, and of one subset. */
  readonly part: number;
}

// Measured: bytes on the wire, bytes of memory, microseconds of a core.
const ENTRY_BYTES = 194;
const ENTRY_MEMORY = 640;
const BEAT_US = 25;
const KEYED_MEMORY = 4_400;
const KEYLESS_MEMORY = 700;
const CONNECTION_MEMORY = 28_000;
const SHARED_KEY_MEMORY = 260;
// As the defaults are.
const CHECK_EVERY_S = 10;
const CHECKERS = 2;
const REGISTER_EVERY_S = 5;
const MEMBER_EVERY_S = 1;
const KEY_BATCH_S = 0.05;
const KEYS_A_BACKEND = 32;
const MAX_KEYS = 65_536;
const MAX_BACKENDS = 65_535;

/** What one way to divide a fleet makes of it. */
interface Shape {
  readonly name: string;
  /** Backends that a gateway reads from its source, and those of them that it uses. */
  readonly known: number;
  readonly used: number;
  /** Gateways that use one backend. */
  readonly users: number;
  /** Gateways and backends with one store. */
  readonly members: number;
  readonly registered: number;
  readonly poolMemory: number;
  readonly hasKeys: boolean;
}

function shapesOf({ gateways, backends, part }: FleetSize): Shape[] {
  const size = Math.min(part, backends);
  const users = Math.max(1, Math.round((gateways * size) / backends));
  const whole = { known: backends, members: gateways, registered: backends };
  return [
    {
      ...whole,
      name: 'all to all',
      used: backends,
      users: gateways,
      poolMemory: KEYED_MEMORY,
      hasKeys: true,
    },
    {
      ...whole,
      name: `subsets of ${number(size)}`,
      used: size,
      users,
      poolMemory: KEYLESS_MEMORY,
      hasKeys: false,
    },
    {
      name: `cells of ${number(size)}`,
      known: size,
      used: size,
      users,
      members: users,
      registered: size,
      poolMemory: KEYED_MEMORY,
      hasKeys: true,
    },
  ];
}

type Row = readonly [what: string, of: (shape: Shape) => string];

function rowsOf({ gateways, backends }: FleetSize): readonly (Row | string)[] {
  const beats = ({ registered }: Shape) => registered / REGISTER_EVERY_S;
  return [
    'a gateway',
    ['backends known', ({ known }) => `${number(known)}${known > MAX_BACKENDS ? ' (!)' : ''}`],
    ['connections, one to each', ({ used }) => number(used)],
    [
      'memory: pool and connections',
      ({ known, used, poolMemory }) => bytes(known * poolMemory + used * CONNECTION_MEMORY),
    ],
    'a backend',
    ['connections', ({ users }) => number(users)],
    ['checks/s, by each gateway', ({ users }) => number(users / CHECK_EVERY_S)],
    ['checks/s, by two of many', ({ users }) => number(Math.min(users, CHECKERS) / CHECK_EVERY_S)],
    'all together',
    ['connections', ({ used }) => number(gateways * used)],
    ['checks/s, by each gateway', ({ used }) => number((gateways * used) / CHECK_EVERY_S)],
    [
      'checks/s, by two of many',
      ({ users }) => number((backends * Math.min(users, CHECKERS)) / CHECK_EVERY_S),
    ],
    ['first snapshots', ({ known }) => bytes(gateways * known * ENTRY_BYTES)],
    'a store (one, or one for each cell)',
    ['registered backends in memory', ({ registered }) => bytes(registered * ENTRY_MEMORY)],
    ['their beats/s', (shape) => number(beats(shape))],
    ['share of one core of Redis', (shape) => percent((beats(shape) * BEAT_US) / 1e6)],
    ['told of a backend that joins', ({ members }) => `${number(members)}, ${bytes(members * ENTRY_BYTES)}`],
    ['beats of gateways told/s', ({ members }) => number((members * (members - 1)) / MEMBER_EVERY_S)],
    ['calls/s for keys, at most', ({ members, hasKeys }) => number(hasKeys ? members / KEY_BATCH_S : 0)],
    [
      'shared keys, at most',
      ({ registered, hasKeys }) => {
        const keys = hasKeys ? Math.min(KEYS_A_BACKEND * registered, MAX_KEYS) : 0;
        return `${number(keys)}, ${bytes(keys * SHARED_KEY_MEMORY)}`;
      },
    ],
  ];
}

/** The table as text. */
export function fleetTable(size: FleetSize): string {
  const shapes = shapesOf(size);
  const cells = rowsOf(size).map((row) =>
    typeof row === 'string' ? [row] : [`  ${row[0]}`, ...shapes.map(row[1])],
  );
  const head = ['', ...shapes.map(({ name }) => name)];
  const title = `${number(size.gateways)} gateways, ${number(size.backends)} backends`;
  const rows = [[title], head, ...cells];
  const widths = head.map((_, column) =>
    Math.max(...rows.filter((row) => row.length > 1).map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[i] ?? 0) + 2)))
      .join('');
  const note = size.backends > MAX_BACKENDS ? `(!) a pool holds at most ${number(MAX_BACKENDS)}\n` : '';
  return `${rows.map((row) => `${line(row).trimEnd()}\n`).join('')}${note}`;
}

function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 1 });
}

function bytes(amount: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = amount < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(amount) / 3));
  const value = amount / 1_000 ** power;
  return `${value.toLocaleString('en', { maximumSignificantDigits: 2 })} ${units[power]}`;
}

function percent(share: number): string {
  return `${(100 * share).toLocaleString('en', { maximumSignificantDigits: 2 })} %`;
}

function main(args: readonly string[]): void {
  const text = { type: 'string' } as const;
  const { gateways, backends, part } = readArguments(args, {
    gateways: { ...text, default: '1000' },
    backends: { ...text, default: '100000' },
    part: { ...text, default: '1000' },
  });
  process.stdout.write(
    fleetTable({
      gateways: readInteger('--gateways', gateways, 1, 1e6),
      backends: readInteger('--backends', backends, 1, 1e9),
      part: readInteger('--part', part, 1, MAX_BACKENDS),
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 2;
  }
}
