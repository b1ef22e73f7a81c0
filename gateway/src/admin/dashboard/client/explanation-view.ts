// Shows why a request would get a backend.
import type { Candidate, Explanation } from 'evenkeel';
import type { GatewayExplanation } from '../../../contracts.ts';
import { copyOf, find, setText, textsIn, type View } from './dom.ts';
import { count, number } from './formats.ts';
import { KeyedList } from './keyed-list.ts';

/** The result of `explain`: a sentence, the facts, and the table of candidates. */
export class ExplanationView {
  readonly #result = find('#explanation');
  readonly #summary = find('#explanation-summary');
  readonly #fill = textsIn(this.#result);
  readonly #candidates = new KeyedList<Candidate>(find('#explanation tbody'), ({ id }) => id, candidateRow);

  /** @param asked - the request, for example `GET /cart` */
  show(result: GatewayExplanation | undefined, asked: string): void {
    setText(this.#summary, result === undefined ? '' : `${asked} ${outcomeOf(result)}.`);
    const explanation = result?.explanation;
    this.#result.hidden = explanation === undefined;
    if (explanation === undefined) return;
    this.#fill(factsOf(explanation));
    this.#candidates.show(explanation.candidates);
  }
}

function candidateRow({ id }: Candidate): View<Candidate> {
  const element = copyOf('candidate');
  const fill = textsIn(element);
  return {
    element,
    update({ verdict, inFlight, flightLimit, keys, keyLimit }) {
      element.classList.toggle('is-picked', verdict === 'picked');
      fill({
        id,
        verdict,
        flights: `${count(inFlight)} / ${limit(flightLimit)}`,
        keys: `${count(keys)} / ${limit(keyLimit)}`,
      });
    },
  };
}

function outcomeOf({ route, explanation }: GatewayExplanation): string {
  if (route === undefined) return 'fits no route and is answered 404';
  if (route.redirect !== undefined) return `is redirected to ${route.redirect}`;
  const host = route.host === '*' ? '' : route.host;
  const by = `pool ${route.pool}, by the route ${host}${route.path}`;
  return `goes to ${explanation?.picked ?? 'no backend'} (${by})`;
}

function factsOf(explanation: Explanation): Record<string, string> {
  const { key, hash, position, strategy, bounds, trust, panic } = explanation;
  return {
    key: key ?? 'none: any backend may take the request',
    hash: `0x${hash.toString(16).padStart(8, '0')} (${hash})`,
    position: `${number(position * 100)} % around the ring`,
    strategy,
    home: homeOf(explanation),
    bounds: boundsOf(bounds),
    trust: trust.asked === 'well' ? 'backends that are well' : `${trust.asked}: ${trust.because}`,
    panic: panic ? 'yes: health is ignored' : 'no',
  };
}

function homeOf({ owner, picked, remembered, spilled, held }: Explanation): string {
  if (owner === undefined) return 'none';
  const isFull = spilled && owner !== picked;
  const how = held !== undefined && held > 0 ? `held by ${count(held)}` : remembered ? 'remembered' : 'new';
  return `${owner} (${how}${isFull ? '; it is full, so the request spills' : ''})`;
}

function boundsOf({ factor, z, keys, inFlight }: Explanation['bounds']): string {
  const shownFactor = factor === null ? 'no factor' : `factor ${number(factor)}`;
  return `${shownFactor}, z ${number(z)}; ${count(keys)} keys, ${count(inFlight)} in flight`;
}

/** JSON writes `null` for `Infinity`. */
function limit(value: number | null): string {
  return value === null ? 'no limit' : count(value);
}
