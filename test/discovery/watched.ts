// A watch over a source, with all that it tells.
import { expect } from 'vitest';
import {
  type DiscoveredBackend,
  type Discovery,
  type SteadyOptions,
  steady,
} from '../../src/discovery/index.ts';

const watches: { close(): void }[] = [];

/** For `afterEach`. */
export function closeWatches(): void {
  for (const watch of watches.splice(0)) watch.close();
}

export function watched(source: Discovery, options: SteadyOptions = {}) {
  const lines: string[] = [];
  let backends: readonly DiscoveredBackend[] = [];
  const changes: string[] = [];
  const waiting = new Set<() => void>();
  const watch = steady(source, { ...options, report: (line) => lines.push(line) }).start({
    changed(snapshot) {
      backends = snapshot.backends;
      changes.push(idsOf(backends).join());
      for (const wake of waiting) wake();
    },
  });
  watches.push(watch);
  return {
    watch,
    lines,
    changes,
    backends: () => backends,
    ids: () => idsOf(backends),
    /** Resolves when these are all ids, with the milliseconds that it took. */
    async until(...ids: string[]): Promise<number> {
      const beganAt = performance.now();
      const wanted = [...ids].sort().join();
      let timer: NodeJS.Timeout | undefined;
      const reached = new Promise<boolean>((resolve) => {
        const look = () => {
          if (idsOf(backends).join() === wanted) resolve(true);
        };
        waiting.add(look);
        look();
        timer = setTimeout(() => resolve(false), 20_000);
      });
      if (!(await reached)) expect(idsOf(backends).join()).toBe(wanted);
      clearTimeout(timer);
      return performance.now() - beganAt;
    },
    state: (state: string) =>
      expect.poll(() => watch.stats().state, { timeout: 20_000, interval: 10 }).toBe(state),
  };
}

function idsOf(backends: readonly DiscoveredBackend[]): string[] {
  return backends.map(({ id = '' }) => id).sort();
}
