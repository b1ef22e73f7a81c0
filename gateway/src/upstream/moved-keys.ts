// Which keys of a pool have another home after a change of its configuration.
import { isDeepStrictEqual } from 'node:util';
import { type Balancer, type KeyHomes, type Plan, type Request, strategies } from 'evenkeel';
import type { ResolvedPool } from '../config/resolved-config.ts';

/** The part of a pool that decides on homes. */
export interface HomesSource {
  readonly config: ResolvedPool;
  readonly balancer: Balancer<Request>;
}

/** The homes of a pool's keys at one time; `reason` says why they cannot be told. */
export interface HomesBefore {
  readonly config: ResolvedPool;
  readonly homes: KeyHomes | undefined;
  readonly reason: string | undefined;
}

/** The homes that keys have now. */
export function homesOf({ config, balancer }: HomesSource): HomesBefore {
  try {
    return { config, homes: balancer.homes(), reason: undefined };
  } catch (error) {
    return { config, homes: undefined, reason: (error as Error).message };
  }
}

/** What has moved since; or, in words, why that cannot be told. */
export function movedSince(before: HomesBefore, { config, balancer }: HomesSource): Plan | string {
  const { homes } = before;
  if (homes === undefined) return before.reason as string;
  try {
    return balancer.movedSince(homes, isDeepStrictEqual(keyIn(before.config), keyIn(config)));
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether a change of the configuration may move keys. */
export function mayMove(before: ResolvedPool, after: ResolvedPool): boolean {
  const parts = ({ backends, seed, strategy, ...rest }: ResolvedPool) =>
    [backends, seed, strategy, keyIn({ ...rest, backends, seed, strategy })] as const;
  return !isDeepStrictEqual(parts(before), parts(after));
}

/** A plan in one sentence. @param most - how many moves are listed */
export function planText({ moved, exact, rescaled, moves }: Plan, most = 3): string {
  if (moves.length === 0) return 'no key has another home';
  const listed = moves.slice(0, most).map(({ from, to, share }) => {
    return `${percent(share)} from ${from ?? 'none'} to ${to ?? 'none'}`;
  });
  const rest = moves.length > most ? [`${moves.length - most} smaller moves`] : [];
  const why = rescaled ? '; the largest weight has another scale, which moves about half of all keys' : '';
  return `${exact ? '' : 'about '}${percent(moved)} of the keys have another home: ${[...listed, ...rest].join(', ')}${why}`;
}

/** A share in percent, with two digits that say something. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value >= 10 || value === 0 ? Number(value.toFixed(1)) : Number(value.toPrecision(2))} %`;
}

/** What the keys of a pool are made of. */
function keyIn({ affinity, strategy }: ResolvedPool): ResolvedPool['affinity'] {
  if (affinity !== undefined) return affinity;
  const isByAddress = typeof strategy === 'string' && 'key' in strategies[strategy];
  return { by: isByAddress ? 'client-address' : 'path' };
}
