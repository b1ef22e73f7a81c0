/** What may go wrong. */
export const faultKinds = [
  'refused',
  'hang',
  'slow',
  '5xx burst',
  'abort in mid-body',
  'client abort',
  'flapping',
  'half of the pool',
  'churn',
  'surge',
] as const;

/** One of {@link faultKinds}. */
export type FaultKind = (typeof faultKinds)[number];

/** How a backend treats a request. */
export type Conduct =
  /** Answers 200 after a while. */
  | 'well'
  /** Refuses the connection: nothing is sent. */
  | 'refuse'
  /** Takes the request and never answers. */
  | 'hang'
  /** Answers 200, but so late that some of it is too late. */
  | 'slow'
  /** Answers 503, which counts as a failure. */
  | 'unavailable'
  /** Answers 500, which is the application's own affair and passed on. */
  | 'broken'
  /** Takes the request and cuts the connection in the middle of the answer. */
  | 'cut';

/** What is wrong with a backend at the moment. */
export interface Condition {
  readonly kind: FaultKind;
  /** How it treats the requests that are struck; one of them at random for each. */
  readonly conducts: readonly Conduct[];
  /** Which share of its requests is struck, above 0 to 1. */
  readonly ratio: number;
  /** How it treats its health checks. */
  readonly checks: Conduct;
}

/** A condition that a backend is in for a while. */
export interface PlannedFault {
  readonly at: number;
  readonly until: number;
  readonly backend: string;
  /** Alternates between the condition and health, this many milliseconds each. */
  readonly flapMs?: number;
  readonly condition: Condition;
}

/** Whether nothing at all goes well on a backend, so that the load balancer ought to leave it alone. */
export function isDead({ conducts, ratio }: Condition): boolean {
  return ratio === 1 && conducts.every((conduct) => conduct !== 'slow' && conduct !== 'broken');
}

/** The name of the n-th backend. */
export function backendName(n: number): string {
  return `b${String(n).padStart(2, '0')}`;
}

function condition(
  kind: FaultKind,
  conducts: readonly Conduct[],
  { ratio = 1, checks = conducts[0] as Conduct }: { ratio?: number; checks?: Conduct } = {},
): Condition {
  return { kind, conducts, ratio, checks };
}

/**
 * The time-table: when what goes wrong with whom, on the virtual clock. In most phases one or two backends
 * are dead, and all others fail now and then.
 */
export const FAULTS: readonly PlannedFault[] = [
  ...during(70, 110, [1, 2], condition('refused', ['refuse'])),
  ...during(70, 110, allBut(1, 2), condition('refused', ['refuse'], { ratio: 0.1, checks: 'well' })),
  ...during(130, 170, [3], condition('hang', ['hang'])),
  // Its health checks go well: only its requests tell, again and again.
  ...during(130, 240, [4], condition('hang', ['hang'], { checks: 'well' })),
  ...during(130, 170, allBut(3, 4), condition('hang', ['hang'], { ratio: 0.05, checks: 'well' })),
  ...during(190, 230, [5, 6], condition('slow', ['slow'])),
  ...during(190, 230, allBut(4, 5, 6), condition('slow', ['slow'], { ratio: 0.1, checks: 'well' })),
  ...during(250, 290, [7], condition('5xx burst', ['unavailable'])),
  ...during(250, 290, [8], condition('5xx burst', ['unavailable', 'broken'], { checks: 'well' })),
  ...during(
    250,
    290,
    allBut(7, 8),
    condition('5xx burst', ['unavailable', 'broken'], { ratio: 0.1, checks: 'well' }),
  ),
  ...during(310, 420, [9], condition('abort in mid-body', ['cut'], { checks: 'well' })),
  ...during(310, 350, allBut(9), condition('abort in mid-body', ['cut'], { ratio: 0.1, checks: 'well' })),
  ...during(440, 480, [11, 12, 13], condition('flapping', ['refuse']), 50),
  ...during(550, 580, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], condition('half of the pool', ['refuse'])),
];

/**
 * When backends come and go, and weights change: before the first fault, so that the pool of the rest of the
 * run stands.
 */
export const CHURN = { at: 10_000, until: 50_000, everyMs: 250 } as const;
/** When, among faults, backends go and come back as they were. */
export const LEAVES = { at: 255_000, until: 285_000, everyMs: 2_000, forMs: 1_000 } as const;
/** When many clients leave before their answer. */
export const CLIENT_ABORTS = { at: 370_000, until: 410_000, ratio: 0.2 } as const;
/** Some clients leave early at any time. */
export const STRAY_ABORT_RATIO = 0.005;
/**
 * When requests come this many times as fast, so that they have to queue; and until when that may be felt.
 */
export const SURGE = { at: 510_000, until: 512_000, factor: 12, feltUntil: 515_000 } as const;
/**
 * From when on every backend must have its share again: time for the last ejections, checks and slow starts.
 */
export const RECOVERED_AT = 720_000;
/** When the last request comes. */
export const END_AT = 1_040_000;

/** Backends that are in the pool after the churn, without some. */
function allBut(...others: number[]): number[] {
  return Array.from({ length: 22 }, (_, n) => n).filter((n) => n !== 18 && n !== 19 && !others.includes(n));
}

function during(
  fromS: number,
  untilS: number,
  backends: readonly number[],
  what: Condition,
  flapMs?: number,
): PlannedFault[] {
  return backends.map((n) => ({
    at: fromS * 1_000,
    until: untilS * 1_000,
    backend: backendName(n),
    ...(flapMs === undefined ? {} : { flapMs }),
    condition: what,
  }));
}
