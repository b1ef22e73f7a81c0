import { check } from '../case.ts';
import type { Lab } from '../lab.ts';
import type { PoolInput } from '../target.ts';
import type { Answer } from '../wire/messages.ts';
import type { Reply, Upstream } from '../wire/upstream.ts';

export const reset: Reply = (socket) => socket.resetAndDestroy();

export interface Fleet {
  readonly upstreams: readonly Upstream[];
  readonly port: number;
  readonly ask: (bytes: string, timeoutMs?: number) => Promise<Answer>;
  /** How many whole requests each backend got. */
  readonly counts: () => number[];
}

/** Several backends behind one target. */
export async function fleet(
  lab: Lab,
  replies: readonly (Reply | undefined)[],
  pool: Partial<PoolInput> = {},
): Promise<Fleet> {
  const upstreams = await Promise.all(
    replies.map((complete) => lab.upstream(complete === undefined ? {} : { complete })),
  );
  const { port } = await lab.start({
    backends: upstreams.map(({ url }) => url),
    pool: { strategy: 'round-robin', ejection: false, ...pool },
  });
  return {
    upstreams,
    port,
    ask: async (bytes, timeoutMs = 5_000) => {
      const client = await lab.client(port);
      const [answer] = await client.write(bytes).answered(1, timeoutMs);
      check(answer !== undefined, 'no answer');
      return answer;
    },
    counts: () => upstreams.map((upstream) => upstream.requests().filter(({ complete }) => complete).length),
  };
}

/** How many in all. */
export const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);
