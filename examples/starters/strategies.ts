// A simulation of a load balancer: what each strategy does with the same requests, with backends that go
// offline and come back, and how many keys move when a backend is added.
import { type BackendPoolEntry, Balancer, type StrategyName } from 'evenkeel';

const BACKENDS: BackendPoolEntry[] = ['10.0.0.1:8080', '10.0.0.2:8080', '10.0.0.3:8080', '10.0.0.4:8080'];
const WEIGHTED: BackendPoolEntry[] = [
  { host: '10.0.0.1', port: 8080, weight: 3 },
  { host: '10.0.0.2', port: 8080, weight: 2 },
  { host: '10.0.0.3', port: 8080 },
];

/**
 * How many of `count` requests each backend gets. Clients take turns; every third request lasts until the
 * end.
 */
export function simulate(strategy: StrategyName, backends = BACKENDS, count = 1_200): Record<string, number> {
  const balancer = new Balancer([...backends], { strategy });
  const served: Record<string, number> = {};
  const open = [];
  for (let i = 0; i < count; i++) {
    const lease = balancer.acquire(`192.168.0.${i % 200}`);
    if (lease === undefined) throw new Error('every backend is offline');
    served[lease.backend.id] = (served[lease.backend.id] ?? 0) + 1;
    if (i % 3 === 0) open.push(lease);
    else lease.release();
  }
  for (const lease of open) lease.release();
  return served;
}

/** Weighted round robin: 3 to 2 to 1. */
export const simulateWeighted = () => simulate('round-robin', WEIGHTED);

/**
 * What happens to clients while a backend is offline and after it has recovered: their backends at each time.
 */
export function simulateOutage(strategy: StrategyName, offline = '10.0.0.2:8080') {
  const balancer = new Balancer(BACKENDS, { strategy });
  const clients = Array.from({ length: 100 }, (_, i) => `192.168.0.${i}`);
  const whereabouts = () =>
    clients.map((client) => {
      const lease = balancer.acquire(client);
      lease?.release();
      return lease?.backend.id;
    });
  const before = whereabouts();
  balancer.markDown(offline);
  const during = whereabouts();
  balancer.markUp(offline);
  return { before, during, after: whereabouts() };
}

/** The share of keys that move when a fifth backend joins: 1/5 with consistent hashing. */
export function movedByScalingOut(): number {
  return new Balancer(BACKENDS, { strategy: 'consistent-hash' }).plan({ add: ['10.0.0.5:8080'] }).moved;
}
