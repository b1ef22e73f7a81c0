import type { Strategy, StrategyFactory } from './strategy.ts';
import { TwoChoices } from './two-choices.ts';

/** The less loaded, by requests in flight for its weight, of two random backends. Expected O(1). */
export function powerOfTwo(): StrategyFactory {
  return ({ random }): Strategy => {
    const choices = new TwoChoices(random, (backend) => backend.inFlight / backend.weight);
    return {
      name: 'power-of-two',
      update: (backends) => choices.update(backends),
      pick: (_key, eligible) => choices.pick(eligible),
      started: () => choices.advance(),
    };
  };
}
