import type { Candidate, Explanation } from 'evenkeel';
import type { RunningTrials } from 'evenkeel/internal';
import type { ExplainQuery, GatewayExplanation } from '../contracts.ts';
import { placeText } from './route-text.ts';
import { differing, fleetText, sourceText } from './status-text.ts';
import { table } from './table.ts';

/** An explanation as text. */
export function explanationText(query: ExplainQuery, found: GatewayExplanation): string {
  const { route, explanation } = found;
  const { path, host = '', method = 'GET' } = query;
  const title = `${method} ${host}${path}`;
  if (route?.redirect !== undefined)
    return `${title}\n\n${table([['route', `${placeText(route)}, to ${route.redirect}`]])}`;
  if (route === undefined || explanation === undefined)
    return `${title}\n\nNo route matches: the response is 404.\n`;
  const facts = table([
    ['route', `${placeText(route)}, to pool ${route.pool}`],
    ['strategy', explanation.strategy],
    ['key', keyText(explanation)],
    ['picked', explanation.picked ?? 'none: the response is 503'],
    ...workerFacts(found),
    ...sourceFacts(found),
    ...fleetFacts(found),
    ...notesOn(explanation).map((note) => ['note', note]),
  ]);
  const candidates = table([
    ['backend', 'verdict', 'in flight', 'keys'],
    ...explanation.candidates.map((candidate) => candidateRow(candidate)),
  ]);
  return `${title}\n\n${facts}\n${candidates}`;
}

/** Where the pool's backends come from. */
function sourceFacts({ discovery = [] }: GatewayExplanation): string[][] {
  return discovery.map((one) => ['source', `${one.source}: ${sourceText(one)}`]);
}

/** Which gateways share the pool's keys, and which of them know the pool otherwise. */
function fleetFacts({ fleet }: GatewayExplanation): string[][] {
  if (fleet === undefined) return [];
  return [['fleet', fleetText(fleet)], ...differing(fleet).map((line) => ['note', line])];
}

/** Which worker answers, and which of the others would choose another backend. */
function workerFacts({ worker, workers = [] }: GatewayExplanation): string[][] {
  if (worker === undefined) return [];
  const own = workers.find((choice) => choice.worker === worker)?.picked;
  const others = workers.filter(({ picked }) => picked !== own);
  const alike = others.length === 0 ? `; all ${workers.length} workers choose alike` : '';
  return [
    ['worker', `${worker}${workers.length > 1 ? alike : ''}`],
    ...others.map(({ worker: other, picked = 'none' }) => ['note', `worker ${other} would pick ${picked}`]),
  ];
}

function keyText({ key, position, remembered }: Explanation): string {
  if (key === undefined) return 'none';
  return `${JSON.stringify(key)}, at ${position.toFixed(4)} of the ring, ${remembered ? 'seen before' : 'new'}`;
}

function notesOn(explanation: Explanation): string[] {
  const { owner, picked, spilled, panic, trust, trials, held, kept } = explanation;
  return [
    ...(trust.asked !== 'well' && !panic
      ? [`asked are those that are ${trust.asked}: ${trust.because}`]
      : []),
    ...trials.map(trialNote),
    ...(panic ? ['too much of the pool is out: health is ignored'] : []),
    ...(held !== undefined && held > 0 && owner === picked
      ? [`strict: the key stays where it has ${held} ${held === 1 ? 'request' : 'requests'} in flight`]
      : []),
    ...(typeof kept === 'number' && kept < 1
      ? [
          `the zone has capacity for ${Math.round(100 * kept)} % of its requests; the others go to other zones`,
        ]
      : []),
    ...(spilled ? [`spilled: ${owner}, where the key lives, is full`] : []),
    ...(!spilled && owner !== undefined && owner !== picked ? [`the key lives on ${owner}`] : []),
  ];
}

function trialNote({ backend, inFlight, limit, waitMs }: RunningTrials): string {
  const next = waitMs > 0 ? `the next in ${(waitMs / 1_000).toFixed(1)} s` : 'the next at any time';
  return `${backend} is tried with ${inFlight}/${limit} requests, ${next}`;
}

function candidateRow({ id, verdict, inFlight, flightLimit, keys, keyLimit }: Candidate): string[] {
  return [id, verdict, ofLimit(inFlight, flightLimit), ofLimit(keys, keyLimit)];
}

/** JSON writes `null` for `Infinity`. */
function ofLimit(count: number, limit: number | null): string {
  return limit === null || limit === Number.POSITIVE_INFINITY ? `${count}` : `${count}/${limit}`;
}
