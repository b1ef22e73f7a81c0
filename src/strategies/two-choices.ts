import { firstEligible } from './jumps.ts';
import type { Backend, Eligible } from './strategy.ts';
import { drawNumber, WeightedDraw } from './weighted-draw.ts';

/**
 * The better of two backends drawn at random in proportion to the weights; a tie goes to the one drawn first, so that
 * an idle pool is served by weight and no place in the list is favoured. Expected O(1).
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

  /** Draws the next pair. */
  advance(): void {
    this.#first = drawNumber(this.#random);
    this.#second = drawNumber(this.#random);
  }

  readonly #locate = (number: number): Backend | undefined => this.#draw.at(number);
}
