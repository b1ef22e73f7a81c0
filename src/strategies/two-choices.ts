import { firstEligible } from './jumps.ts';
import type { Backend, Eligible } from './strategy.ts';
import { drawNumber, WeightedDraw } from './weighted-draw.ts';

/**
 * The less loaded of two backends that are drawn at random in proportion to the weights. A tie goes to the
 * one drawn first, so that in an idle pool backends are picked by weight, whatever their order. Expected
 * O(1).
 *
 * @see Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, IEEE TPDS 12(10), 2001
 */
export class TwoChoices {
  readonly #draw = new WeightedDraw();
  readonly #random: () => number;
  readonly #load: (backend: Backend) => number;
  #first: number;
  #second: number;

  constructor(random: () => number, load: (backend: Backend) => number) {
    this.#random = random;
    this.#load = load;
    this.#first = drawNumber(random);
    this.#second = drawNumber(random);
  }

  update(backends: readonly Backend[]): void {
    this.#draw.update(backends);
  }

  pick(eligible: Eligible): Backend | undefined {
    const { backends } = this.#draw;
    const first = firstEligible(this.#first, this.#locate, backends, eligible);
    if (first === undefined) return undefined;
    const second = firstEligible(this.#second, this.#locate, backends, (b) => b !== first && eligible(b));
    return second !== undefined && this.#load(second) < this.#load(first) ? second : first;
  }

  /** Draws the pair for the next pick. */
  redraw(): void {
    this.#first = drawNumber(this.#random);
    this.#second = drawNumber(this.#random);
  }

  readonly #locate = (number: number): Backend | undefined => this.#draw.at(number);
}
