// Prints digests of simulations as JSON: a program that `runtimes-check.ts` runs on several runtimes.
import { type Scenario, simulate } from '../../src/simulator/index.ts';

const SCENARIOS: readonly Scenario[] = [
  { requests: 3_000, backends: [{ count: 5, cache: 200 }], measure: { placements: 2 } },
  {
    requests: 3_000,
    backends: [{ count: 6, antagonist: { onMs: 50, offMs: 100, factor: 3 } }],
    balancers: 3,
    arrivals: { load: 0.8, bursts: { factor: 5, onMs: 20, offMs: 80 }, day: {}, writes: 0.1 },
    service: { distribution: 'pareto', shape: 1.8 },
    events: [
      { type: 'crash', backends: 'b2', at: 0.3, for: 0.2 },
      { type: 'deploy', at: 0.6, everyMs: 40, downMs: 20, how: 'drain' },
    ],
    settings: {
      failover: true,
      timeoutMs: 100,
      health: { intervalMs: 20 },
      guards: { outlierEjection: true, slowStart: { windowMs: 200, aggression: 1.7 } },
    },
    contenders: ['peak-ewma', 'least-time', 'rendezvous', 'maglev', 'consistent-hash'],
    measure: { placements: 2 },
  },
  {
    requests: 2_000,
    backends: 4,
    arrivals: { load: 0.95 },
    settings: { queue: true, failover: true, guards: { maxInFlight: 6 } },
    contenders: ['least-connections', 'consistent-hash'],
    measure: { placements: 2 },
  },
];

const digests: string[] = [];
for (const scenario of SCENARIOS) digests.push((await simulate(scenario)).digest);
console.log(JSON.stringify(digests));
