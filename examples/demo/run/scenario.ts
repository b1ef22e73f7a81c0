// The scenario: the faults and changes of backends during a pass.

import type { PoolChange } from 'evenkeel';
import type { Cluster } from './cluster.ts';

/** A step of the scenario: a fault or a change of a backend while traffic runs. */
export interface Step {
  /**
   * Whether the step is a fault, which takes the backend out of service. Other steps bring a backend into
   * service.
   */
  readonly kind: 'fault' | 'recovery' | 'arrival';
  /** The name in the summary. */
  readonly name: string;
  /** A short name for the time line. If there is no room, only its first character is shown. */
  readonly mark: string;
  /** Its beginning, as a share of the stream. */
  readonly at: number;
  /** Id of the backend. */
  readonly backend: string;
  /** Number of backends in the pool, including this one. */
  readonly backends: number;
  /** Preparation before the step. */
  readonly prepare?: (cluster: Cluster) => Promise<void>;
  /** Runs the step. The load balancer is not informed about faults: it has to detect them. */
  readonly change: (cluster: Cluster) => void | Promise<void>;
  /** The change for `plan`, or its reverse, which moves the same share. */
  readonly planned: (cluster: Cluster) => PoolChange;
  /** Texts for the step while it runs and when it is over. */
  readonly doing: string;
  readonly done: string;
}

/** The pool at the start. */
export const OPENING = { name: 'four backends', now: 'four backends with cold caches are warming up' };

const beta = { backend: 'beta', backends: 4, planned: () => ({ remove: ['beta'] }) } as const;
const fault = { ...beta, kind: 'fault' } as const;
const recovery = { ...beta, kind: 'recovery', done: 'beta has its full share again' } as const;

const epsilon: Step = {
  kind: 'arrival',
  name: 'epsilon joins',
  mark: '+epsilon',
  at: 0.88,
  backend: 'epsilon',
  backends: 5,
  prepare: (cluster) => cluster.launch('epsilon'),
  change: (cluster) => cluster.enlist('epsilon'),
  planned: (cluster) => ({ add: [cluster.backend('epsilon').entry] }),
  doing: 'epsilon is added to the pool at run time; slow start begins',
  done: 'epsilon has its full share',
};

/** The steps in order. */
export const scenario: readonly Step[] = [
  {
    ...fault,
    name: 'beta refuses',
    mark: '↓refuse',
    at: 0.13,
    change: (cluster) => cluster.backend('beta').close(),
    doing: 'beta closes its port: connections are refused',
    done: 'beta is out: its requests go to other backends',
  },
  {
    ...recovery,
    name: 'beta restarts',
    mark: '↑back',
    at: 0.24,
    change: (cluster) => cluster.backend('beta').open(),
    doing: 'beta listens again with a cold cache: its checks must succeed, then slow start begins',
  },
  {
    ...fault,
    name: 'beta hangs',
    mark: '↓hang',
    at: 0.37,
    change: (cluster) => cluster.backend('beta').suffer('hangs'),
    doing: 'beta accepts connections and never responds',
    done: 'beta is out: requests without a response were retried on other backends',
  },
  {
    ...recovery,
    name: 'beta wakes up',
    mark: '↑back',
    at: 0.54,
    change: (cluster) => cluster.backend('beta').suffer(undefined),
    doing: 'beta responds again: its checks must succeed, then slow start begins',
  },
  {
    ...fault,
    name: 'beta answers 500',
    mark: '↓500',
    at: 0.68,
    change: (cluster) => cluster.backend('beta').suffer('fails'),
    doing: 'beta responds with 500 to all requests but health checks',
    done: 'beta is out: its checks succeed, but its responses revealed the fault',
  },
  {
    ...recovery,
    name: 'beta is repaired',
    mark: '↑back',
    at: 0.74,
    change: (cluster) => cluster.backend('beta').suffer(undefined),
    doing: 'beta is healthy again: after its ejection, slow start begins',
  },
  epsilon,
];
