import type { Ground } from '../ground.ts';
import type { Contender } from './contender.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { nodeProxies } from './node-proxies.ts';

/** The proxies that are installed on this machine. */
export function contenders(ground: Ground): Contender[] {
  return [nginx(ground), haproxy(ground), ...nodeProxies(ground)].filter(
    (contender) => contender !== undefined,
  );
}
