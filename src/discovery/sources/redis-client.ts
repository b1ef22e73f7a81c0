// Clients of Redis that a host passes in, of ioredis or node-redis.
import type { Rule } from '../../options/rule.ts';

/** The part of a client of ioredis or node-redis that is used. Its owner handles its `error` events. */
export interface RedisClient {
  /** Of ioredis. */
  call?(command: string, ...args: string[]): Promise<unknown>;
  /** Of node-redis. */
  sendCommand?(...args: never[]): unknown;
  duplicate(): unknown;
}

/** Sends commands through either kind of client. */
interface Sender {
  call?(...args: string[]): Promise<unknown>;
  sendCommand?(args: string[]): Promise<unknown>;
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
  return client.call === undefined ? client.sendCommand?.(command) : client.call(...command);
}
