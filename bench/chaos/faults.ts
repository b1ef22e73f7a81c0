// The kinds of faults, and the schedule by which they occur.

/** The kinds of faults. */
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

/** The behaviour of a backend for a request. */
export type Conduct =
  /** Responds with 200 after a while. */
  | 'well'
  /** Refuses the connection: nothing is sent. */
  | 'refuse'
  /** Accepts the request and never responds. */
  | 'hang'
  /** Responds with 200, in part after the time limit. */
  | 'slow'
  /** Responds with 503, which counts as a failure. */
  | 'unavailable'
  /** Responds with 500, which is passed on and does not count as a failure. */
  | 'broken'
  /** Accepts the request and cuts the connection in the middle of the response. */
  | 'cut';

/** The condition of a backend with a fault. */
export interface Condition {
  readonly kind: FaultKind;
  /** The possible behaviours for requests that the fault affects; one is drawn for each request. */
  readonly conducts: readonly Conduct[];
  /** The share of requests that the fault affects, above 0 and up to 1. */
  readonly ratio: number;
  /** The behaviour for health checks. */
  readonly checks: Conduct;
}

/** A period in which a backend has a condition. */
export interface PlannedFault {
  readonly at: number;
  readonly until: number;
  readonly backend: string;
  /** Alternates between the condition and normal operation, this many milliseconds each. */
  readonly flapMs?: number;
  readonly condition: Condition;
}

/** Whether a backend fails every request, so that the load balancer must stop sending to it. */
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
 * The schedule of faults on the virtual clock. In most phases one or two backends are dead, and all others
 * fail now and then.
 */
export const FAULTS: readonly PlannedFault[] = [
  ...during(70, 110, [1, 2], condition('refused', ['refuse'])),
  ...during(70, 110, allBut(1, 2), condition('refused', ['refuse'], { ratio: 0.1, checks: 'well' })),
  ...during(130, 170, [3], condition('hang', ['hang'])),
  // Its health checks succeed; only its requests show the fault.
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
 * When backends are added and removed, and weights change: before the first fault, so that the pool does not
 * change afterwards.
 */
export const CHURN = { at: 10_000, until: 50_000, everyMs: 250 } as const;
/** When, while there are faults, backends are removed and added again unchanged. */
export const LEAVES = { at: 255_000, until: 285_000, everyMs: 2_000, forMs: 1_000 } as const;
/** When many clients leave before they get a response. */
export const CLIENT_ABORTS = { at: 370_000, until: 410_000, ratio: 0.2 } as const;
/** The share of clients that leave early at any time. */
export const STRAY_ABORT_RATIO = 0.005;
/**
 * The surge: when requests arrive this many times as fast, so that they have to queue, and until when its
 * effects may last.
 */
export const SURGE = { at: 510_000, until: 512_000, factor: 12, feltUntil: 515_000 } as const;
/**
 * From this time on every backend must have its share again: after the last ejections, checks and slow
 * starts.
 */
export const RECOVERED_AT = 720_000;
/** The time of the last request. */
export const END_AT = 1_040_000;

/** The backends of the pool after the churn, except the given ones. */
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
