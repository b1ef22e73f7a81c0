import type { Candidate, Explanation } from 'evenkeel';
import type { ExplainQuery, GatewayExplanation } from '../contracts.ts';
import { routeText } from './route-text.ts';
import { table } from './table.ts';

/** An explanation as text. */
export function explanationText(query: ExplainQuery, { route, explanation }: GatewayExplanation): string {
  const { path, host = '', method = 'GET' } = query;
  const title = `${method} ${host}${path}`;
  if (route === undefined || explanation === undefined)
    return `${title}\n\nNo route matches: the response is 404.\n`;
  const facts = table([
    ['route', `${routeText(route)}, to pool ${route.pool}`],
    ['strategy', explanation.strategy],
    ['key', keyText(explanation)],
    ['picked', explanation.picked ?? 'none: the response is 503'],
    ...notesOn(explanation).map((note) => ['note', note]),
  ]);
  const candidates = table([
    ['backend', 'verdict', 'in flight', 'keys'],
    ...explanation.candidates.map((candidate) => candidateRow(candidate)),
  ]);
  return `${title}\n\n${facts}\n${candidates}`;
}

function keyText({ key, position, remembered }: Explanation): string {
  if (key === undefined) return 'none';
  return `${JSON.stringify(key)}, at ${position.toFixed(4)} of the ring, ${remembered ? 'seen before' : 'new'}`;
}

function notesOn({ owner, picked, spilled, panic }: Explanation): string[] {
  return [
    ...(panic ? ['too much of the pool is out: health is ignored'] : []),
    ...(spilled ? [`spilled: ${owner}, where the key lives, is full`] : []),
    ...(!spilled && owner !== undefined && owner !== picked ? [`the key lives on ${owner}`] : []),
  ];
}

function candidateRow({ id, verdict, inFlight, flightLimit, keys, keyLimit }: Candidate): string[] {
  return [id, verdict, ofLimit(inFlight, flightLimit), ofLimit(keys, keyLimit)];
}

/** JSON writes `null` for `Infinity`. */
function ofLimit(count: number, limit: number | null): string {
  return limit === null || limit === Number.POSITIVE_INFINITY ? `${count}` : `${count}/${limit}`;
}
