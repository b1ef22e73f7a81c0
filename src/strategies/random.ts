import { firstEligible } from './jumps.ts';
import type { Strategy, StrategyFactory } from './strategy.ts';
import { drawNumber, WeightedDraw } from './weighted-draw.ts';

/** A random backend, in proportion to the weights. O(1) with equal weights, O(log n) with unequal ones. */
export function random(): StrategyFactory {
  return ({ random }): Strategy => {
    const draw = new WeightedDraw();
    const locate = (number: number) => draw.at(number);
    let next = drawNumber(random);
    return {
      name: 'random',
      update: (backends) => draw.update(backends),
      pick: (_key, eligible) => firstEligible(next, locate, draw.backends, eligible),
      started() {
        next = drawNumber(random);
      },
    };
  };
}
