import type { Strategy, StrategyFactory } from './strategy.ts';
import { TwoChoices } from './two-choices.ts';

/** Of two random backends, the one with fewer requests in flight relative to its weight. Expected O(1). */
export function powerOfTwo(): StrategyFactory {
  return ({ random }): Strategy => {
    const choices = new TwoChoices(random, (backend) => backend.inFlight / backend.weight);
    return {
      name: 'power-of-two',
      update: (backends) => choices.update(backends),
      pick: (_key, eligible) => choices.pick(eligible),
      started: () => choices.redraw(),
    };
  };
}
