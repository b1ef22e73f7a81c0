// What operators ask of a running gateway: statistics, explanations, changes.
import type { Request } from 'evenkeel';
import { readEntry } from 'evenkeel/internal';
import type { Command, Control, ExplainQuery, GatewayExplanation, GatewayStats } from './contracts.ts';
import { ControlError } from './errors.ts';
import { readAuthority } from './message/authority.ts';
import type { Runtime } from './runtime.ts';
import type { UpstreamPool } from './upstream/pool.ts';

/** Looks into one gateway, and changes it, at run time. */
export class GatewayControl implements Control {
  readonly #runtime: () => Runtime;
  readonly #stats: () => GatewayStats;

  constructor(runtime: () => Runtime, stats: () => GatewayStats) {
    this.#runtime = runtime;
    this.#stats = stats;
  }

  async stats(): Promise<GatewayStats> {
    return this.#stats();
  }

  async explain({
    path,
    host = '',
    method = 'GET',
    headers = {},
    clientAddress,
  }: ExplainQuery): Promise<GatewayExplanation> {
    const route = this.#runtime().routes.find(readAuthority(host)?.host ?? '', path);
    if (route === undefined) return { route: undefined, explanation: undefined };
    const { pool } = route;
    const request: Request = {
      id: 'explain',
      path,
      method,
      payload: '',
      headers: Object.fromEntries(
        Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value]),
      ),
      ...(clientAddress === undefined ? {} : { clientAddress }),
    };
    const session = await pool.sessions?.read(request);
    return {
      route: { host: route.host, path: route.path, pool: pool.name },
      explanation: pool.balancer.explain(request, [], session),
    };
  }

  async change(command: Command): Promise<void> {
    const pool = this.#runtime().pools.get(command.pool);
    if (pool === undefined) throw new ControlError(404, `there is no pool ${JSON.stringify(command.pool)}`);
    if (command.type === 'add') add(pool, command);
    else if (!apply(pool, command)) {
      throw new ControlError(404, `pool ${command.pool} has no backend ${JSON.stringify(command.backend)}`);
    }
  }
}

function add({ balancer, name }: UpstreamPool, { backend }: Extract<Command, { type: 'add' }>): void {
  const added = asBadRequest(() => readEntry(backend, 'backend'));
  if (balancer.backends.some(({ id, url }) => id === added.id || url === added.url)) {
    throw new ControlError(409, `pool ${name} already has a backend ${JSON.stringify(added.id)}`);
  }
  asBadRequest(() => balancer.add(backend));
}

/** @returns whether there is such a backend */
function apply({ balancer }: UpstreamPool, command: Exclude<Command, { type: 'add' }>): boolean {
  const { backend: id } = command;
  switch (command.type) {
    case 'remove':
      return balancer.remove(id);
    case 'resume':
      return balancer.resume(id);
    case 'weight':
      return asBadRequest(() => balancer.setWeight(id, command.weight));
    case 'drain': {
      const isThere = balancer.backends.some((backend) => backend.id === id);
      if (isThere) void balancer.drain(id);
      return isThere;
    }
  }
}

/** The engine refuses only mistakes of the call. @throws ControlError with status 400 */
function asBadRequest<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new ControlError(400, (error as Error).message);
  }
}
