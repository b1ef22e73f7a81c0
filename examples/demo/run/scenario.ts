import type { PoolChange } from 'evenkeel';
import type { Cluster } from './cluster.ts';

/** Something that happens to a backend while traffic runs. */
export interface Step {
  /** A fault takes the backend out of service; anything else brings it in. */
  readonly kind: 'fault' | 'recovery' | 'arrival';
  /** What it is called in the summary. */
  readonly name: string;
  /** The same in a few characters, the first of which will do, for the time line. */
  readonly mark: string;
  /** When it begins, as a share of the stream. */
  readonly at: number;
  /** Id of the backend that goes or comes. */
  readonly backend: string;
  /** Backends in the pool when all of them serve, the one in question included. */
  readonly backends: number;
  /** What has to be done before. */
  readonly prepare?: (cluster: Cluster) => Promise<void>;
  /** What happens. Nobody tells the load balancer that a server went or came: it has to find out. */
  readonly change: (cluster: Cluster) => void | Promise<void>;
  /** What then moves, as `plan` takes it, or its reverse: what moves is the same. */
  readonly planned: (cluster: Cluster) => PoolChange;
  /** What is happening, and what has come of it. */
  readonly doing: string;
  readonly done: string;
}

/** What the pool starts as. */
export const OPENING = { name: 'four backends', now: 'four backends with cold caches are warming up' };

const beta = { backend: 'beta', backends: 4, planned: () => ({ remove: ['beta'] }) } as const;
const fault = { ...beta, kind: 'fault' } as const;
const recovery = { ...beta, kind: 'recovery', done: 'beta has its whole share again' } as const;

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
  doing: 'epsilon is added to the pool at run time, and starts slowly',
  done: 'epsilon has its whole share',
};

/** What happens, in order. */
export const scenario: readonly Step[] = [
  {
    ...fault,
    name: 'beta refuses',
    mark: '↓refuse',
    at: 0.13,
    change: (cluster) => cluster.backend('beta').close(),
    doing: 'beta closes its port: connections are refused',
    done: 'beta is out: what it was asked goes to others',
  },
  {
    ...recovery,
    name: 'beta restarts',
    mark: '↑back',
    at: 0.24,
    change: (cluster) => cluster.backend('beta').open(),
    doing: 'beta listens again, its cache cold: checks have to find it well, then it starts slowly',
  },
  {
    ...fault,
    name: 'beta hangs',
    mark: '↓hang',
    at: 0.37,
    change: (cluster) => cluster.backend('beta').suffer('hangs'),
    doing: 'beta takes connections and never answers',
    done: 'beta is out: what it left without an answer was asked again elsewhere',
  },
  {
    ...recovery,
    name: 'beta wakes up',
    mark: '↑back',
    at: 0.54,
    change: (cluster) => cluster.backend('beta').suffer(undefined),
    doing: 'beta answers again: checks have to find it well, then it starts slowly',
  },
  {
    ...fault,
    name: 'beta answers 500',
    mark: '↓500',
    at: 0.68,
    change: (cluster) => cluster.backend('beta').suffer('fails'),
    doing: 'beta answers 500 to everything but its health checks',
    done: 'beta is out: checks see nothing wrong, but its answers did it',
  },
  {
    ...recovery,
    name: 'beta is repaired',
    mark: '↑back',
    at: 0.74,
    change: (cluster) => cluster.backend('beta').suffer(undefined),
    doing: 'beta is well again: when its ejection is over, it starts slowly',
  },
  epsilon,
];
