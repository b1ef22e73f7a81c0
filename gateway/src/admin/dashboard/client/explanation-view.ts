import type { Candidate, Explanation } from 'evenkeel';
import type { GatewayExplanation } from '../../../contracts.ts';
import type { Dom, View } from './dom.ts';
import type { Formats } from './formats.ts';

/** Shows why a request would go where it would go. */
export function explanationView(dom: Dom, { count, number }: Formats) {
  const { find, setText } = dom;
  const result = find('#explanation');
  const summary = find('#explanation-summary');
  const fill = dom.texts(result);
  const showCandidates = dom.list<Candidate>(find('#explanation tbody'), ({ id }) => id, row);

  /** JSON has no word for what has no end. */
  const limit = (value: number | null) => (value === null ? 'no limit' : count(value));

  function boundsOf({ factor, z, keys, inFlight }: Explanation['bounds']): string {
    const shownFactor = factor === null ? 'no factor' : `factor ${number(factor)}`;
    return `${shownFactor}, z ${number(z)}; ${count(keys)} keys, ${count(inFlight)} in flight`;
  }

  function row({ id }: Candidate): View<Candidate> {
    const element = dom.copyOf('candidate');
    const fillRow = dom.texts(element);
    return {
      element,
      update({ verdict, inFlight, flightLimit, keys, keyLimit }) {
        element.classList.toggle('is-picked', verdict === 'picked');
        fillRow({
          id,
          verdict,
          flights: `${count(inFlight)} / ${limit(flightLimit)}`,
          keys: `${count(keys)} / ${limit(keyLimit)}`,
        });
      },
    };
  }

  function homeOf({ owner, picked, remembered, spilled }: Explanation): string {
    if (owner === undefined) return 'none';
    const how = remembered ? 'remembered' : 'new';
    const isFull = spilled && owner !== picked;
    return `${owner} (${how}${isFull ? '; it has its hands full, so the request spills' : ''})`;
  }

  function show(explanation: Explanation): void {
    const { key, hash, position, strategy, bounds, panic } = explanation;
    fill({
      key: key ?? 'none: the request goes to anyone',
      hash: `0x${hash.toString(16).padStart(8, '0')} (${hash})`,
      position: `${number(position * 100)} % around the ring`,
      strategy,
      home: homeOf(explanation),
      bounds: boundsOf(bounds),
      panic: panic ? 'yes: health is ignored' : 'no',
    });
    showCandidates(explanation.candidates);
  }

  function outcomeOf({ route, explanation }: GatewayExplanation): string {
    if (route === undefined) return 'fits no route and is answered 404';
    const where = `pool ${route.pool}, by the route ${route.host}${route.path}`;
    return `goes to ${explanation?.picked ?? 'nobody'} (${where})`;
  }

  return (answer: GatewayExplanation | undefined, asked: string): void => {
    setText(summary, answer === undefined ? '' : `${asked} ${outcomeOf(answer)}.`);
    result.hidden = answer?.explanation === undefined;
    if (answer?.explanation !== undefined) show(answer.explanation);
  };
}
