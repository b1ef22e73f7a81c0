// A result of a simulation, made up: no engine runs for it.
import type { AttemptOutcome, ContenderResult, Figure, SimulationResult } from 'evenkeel/simulator';

const POINTS = 60;
const OUTCOMES: readonly AttemptOutcome[] = ['hit', 'miss', 'miss', 'hit', 'error', 'hit', 'refused'];

export interface MadeUp {
  readonly labels?: readonly string[];
  readonly backends?: number;
  readonly trace?: number;
  readonly hasErrors?: boolean;
}

/** A result with wave-like series; every contender is worse than the one before. */
export function madeResult({
  labels = ['consistent-hash', 'least-connections', 'round-robin'],
  backends = 10,
  trace = 200,
  hasErrors = true,
}: MadeUp = {}): SimulationResult {
  const names = Array.from({ length: backends }, (_, i) => `b${i + 1}`);
  const at = Array.from({ length: POINTS }, (_, i) => i * 1_000);
  const contenders = labels.map((label, i) => contender(label, i + 1, names, at, trace, hasErrors));
  return {
    name: 'goes and comes back',
    seed: 7,
    requests: 60_000,
    isComplete: true,
    durationMs: 60_000,
    placements: 5,
    balancers: 2,
    warmUpMs: 12_000,
    backends: names,
    events: [
      { type: 'crash', atMs: 20_000, untilMs: 40_000, backends: ['b1'], text: 'b1 crashes (reset)' },
      { type: 'join', atMs: 50_000, untilMs: undefined, backends: ['b11'], text: 'b11 joins' },
    ],
    contenders,
    best: {
      meanMs: ['consistent-hash'],
      p50Ms: ['consistent-hash'],
      p99Ms: ['consistent-hash', 'least-connections'],
      p999Ms: [],
      errors: [],
      retries: [],
      hits: ['consistent-hash'],
      mostOverMean: ['consistent-hash'],
      keysMoved: ['consistent-hash'],
      spills: [],
    },
    findings: ['Best for this traffic: consistent-hash.', 'Its bound costs 2.9 points of hits.'],
    digest: '0123456789abcdef',
  };
}

function contender(
  label: string,
  factor: number,
  names: readonly string[],
  atMs: readonly number[],
  traced: number,
  hasErrors: boolean,
): ContenderResult {
  const wave = (height: number) => atMs.map((ms) => factor * (height + Math.sin(ms / 7_000)));
  const crash = (inside: number) => atMs.map((ms) => (hasErrors && ms > 20_000 && ms < 25_000 ? inside : 0));
  const shares = names.map((_, backend) =>
    atMs.map((ms) =>
      backend === 0 && ms > 20_000 && ms < 40_000 ? 0 : (1 + 0.1 * factor * Math.sin(backend)) / names.length,
    ),
  );
  const figure = (mean: number): Figure => ({ mean, least: 0.9 * mean, most: 1.1 * mean });
  const requests = Array.from({ length: traced }, (_, i) => i);
  return {
    label,
    strategy: `${label}/160`,
    floor: 'fast',
    figures: {
      meanMs: figure(4.5 * factor),
      p50Ms: figure(3 * factor),
      p99Ms: figure(25 * factor),
      p999Ms: figure(480 * factor),
      errors: figure(hasErrors ? 0.002 * factor : 0),
      retries: figure(0.01),
      hits: figure(0.9 / factor),
      mostOverMean: figure(1 + 0.2 * factor),
      keysMoved: figure(0.05 * factor),
      spills: figure(0.03),
    },
    series: {
      atMs,
      perSecond: atMs.map(() => 1_000),
      meanMs: wave(4),
      p50Ms: wave(3),
      p99Ms: atMs.map((_, i) => (i === 30 ? null : (wave(20)[i] as number))),
      errors: crash(0.1 * factor),
      retries: crash(0.02),
      hits: atMs.map(() => 0.9 / factor),
      mostOverMean: wave(1.5),
      spills: atMs.map(() => 0.03),
      moved: crash(0.1),
      shares,
    },
    latency: { uptoMs: [1, 2, 4, 8, 16, 32, 64], requests: [0, 100, 5_000, 20_000, 9_000, 900, 10 * factor] },
    backends: names.map((name, i) => ({
      name,
      requests: 4_000,
      share: (1 + 0.1 * factor * Math.sin(i)) / names.length,
      errors: i === 0 && hasErrors ? 0.05 : 0,
      hits: 0.8,
      busy: 0.6,
      mostAtOnce: 9,
    })),
    noticed: [],
    trace:
      traced === 0
        ? undefined
        : {
            requests: {
              atMs: requests.map((i) => 2 * i),
              endMs: requests.map((i) => 2 * i + 9),
              key: requests,
              balancer: requests.map((i) => i % 2),
              status: requests.map(() => 200),
            },
            attempts: {
              request: requests,
              backend: requests.map((i) => (factor * i) % names.length),
              atMs: requests.map((i) => 2 * i),
              startMs: requests.map((i) => 2 * i + (i % 4)),
              endMs: requests.map((i) => 2 * i + 9),
              outcome: requests.map((i) => OUTCOMES[i % OUTCOMES.length] as AttemptOutcome),
            },
          },
  };
}
