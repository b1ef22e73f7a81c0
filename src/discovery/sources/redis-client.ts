// Clients of Redis that a host passes in, of ioredis or node-redis.
import type { Rule } from '../../options/rule.ts';

/**
 * The part of a client of ioredis or node-redis, or of a cluster, that is used. Its owner handles its
 * `error` events.
 */
export interface RedisClient {
  /** Of ioredis. */
  call?(command: string, ...args: string[]): Promise<unknown>;
  /** Of node-redis. */
  sendCommand?(...args: never[]): unknown;
  duplicate(): unknown;
}

/** Sends commands through either kind of client, or of a cluster. */
interface Sender {
  call?(...args: string[]): Promise<unknown>;
  sendCommand?(...args: unknown[]): Promise<unknown>;
  /** A cluster of node-redis has them; it wants to be told the key that a command is about. */
  readonly masters?: unknown;
}

/** What a client must be. */
export const aRedisClient: Rule = {
  words: 'a client of ioredis or node-redis',
  holds: (value) => {
    const { duplicate, call, sendCommand } = (value ?? {}) as Partial<RedisClient>;
    return typeof duplicate === 'function' && typeof (call ?? sendCommand) === 'function';
  },
  isSecret: true,
};

/** Sends a command. @returns what Redis answers */
export async function sendTo(client: Sender, command: string[]): Promise<unknown> {
  if (client.call !== undefined) return client.call(...command);
  if (client.masters === undefined) return client.sendCommand?.(command);
  return client.sendCommand?.(keyOf(command), false, command);
}

function keyOf([name, ...rest]: readonly string[]): string | undefined {
  if (name === 'EVAL') return rest[2];
  return name === 'XREAD' ? rest[rest.indexOf('STREAMS') + 1] : rest[0];
}
