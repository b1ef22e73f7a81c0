import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolChange } from '../../../src/index.ts';
import type { Cluster } from './cluster.ts';

/** A restart takes a moment, in which clients notice that their idle connections have been closed. */
const RESTART_MS = 150;

/** A change of the pool while traffic runs. */
export interface Step {
  /** What it is called in the summary. */
  readonly name: string;
  /** The same in a few characters, for the time line. */
  readonly mark: string;
  /** When it begins, as a share of the stream. */
  readonly at: number;
  /** Id of the backend that goes or comes. */
  readonly backend: string;
  /** Backends in the pool when all of them serve, the one in question included. */
  readonly backends: number;
  /** What has to be done before. */
  readonly prepare?: (cluster: Cluster) => Promise<void>;
  /** The change itself. */
  readonly change: (cluster: Cluster) => void;
  /** What has to be done after. */
  readonly finish?: (cluster: Cluster) => Promise<void>;
  /** The change as `plan` takes it, or its reverse: what moves is the same. */
  readonly planned: (cluster: Cluster) => PoolChange;
  /** What is happening while it is done, and from then on. */
  readonly doing: string;
  readonly done: string;
}

/** What the pool starts as. */
export const OPENING = { name: 'four backends', now: 'four backends with cold caches are warming up' };

const goesDown: Step = {
  name: 'beta goes down',
  mark: '↓beta',
  at: 0.35,
  backend: 'beta',
  backends: 4,
  change: ({ loadbalancer }) => {
    loadbalancer.balancer.markDown('beta');
  },
  async finish(cluster) {
    const { balancer } = cluster.loadbalancer;
    // It gets nothing new already; draining tells when its last lease has ended.
    await balancer.drain('beta');
    balancer.resume('beta');
    await cluster.backend('beta').close();
  },
  planned: () => ({ remove: ['beta'] }),
  doing: 'beta gets nothing new and finishes what it has',
  done: 'beta is down and refuses connections',
};

const comesBack: Step = {
  name: 'beta comes back',
  mark: '↑beta',
  at: 0.55,
  backend: 'beta',
  backends: 4,
  async prepare(cluster) {
    await sleep(RESTART_MS);
    await cluster.backend('beta').open();
  },
  change: ({ loadbalancer }) => {
    loadbalancer.balancer.markUp('beta');
  },
  planned: () => ({ remove: ['beta'] }),
  doing: 'beta starts again',
  done: 'beta is back, with a cold cache',
};

const joins: Step = {
  name: 'epsilon joins',
  mark: '+epsilon',
  at: 0.75,
  backend: 'epsilon',
  backends: 5,
  prepare: (cluster) => cluster.launch('epsilon'),
  change: (cluster) => {
    cluster.pool.push(cluster.backend('epsilon').entry);
  },
  planned: (cluster) => ({ add: [cluster.backend('epsilon').entry] }),
  doing: 'epsilon starts',
  done: 'epsilon was pushed to the pool array',
};

/** What happens to the pool, in order. */
export const scenario: readonly Step[] = [goesDown, comesBack, joins];
