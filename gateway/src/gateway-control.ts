// Controls of a running gateway: statistics, explanations, changes.
import type { Plan, Request } from 'evenkeel';
import { readEntry } from 'evenkeel/internal';
import { readPath } from './config/normal-path.ts';
import { engineEntry } from './config/unix-socket.ts';
import type {
  Command,
  Control,
  ExplainQuery,
  GatewayExplanation,
  GatewayStats,
  PlanQuery,
} from './contracts.ts';
import { ControlError } from './errors.ts';
import { readAuthority } from './message/authority.ts';
import type { Runtime } from './runtime.ts';
import type { UpstreamPool } from './upstream/pool.ts';

/** The controls of one gateway. */
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
    const { routes, config } = this.#runtime();
    const requestPath = readPath(path, config.paths);
    if (requestPath === undefined) return { route: undefined, explanation: undefined };
    const asked = { method, headers: inLowerCase(headers), scheme: 'http', authority: host, requestPath };
    const listener = config.listeners.length === 1 ? config.listeners[0]?.name : undefined;
    const route = routes.find(readAuthority(host)?.host ?? '', requestPath.routed, { ...asked, listener });
    if (route === undefined) return { route: undefined, explanation: undefined };
    if ('redirect' in route) {
      const redirect = route.redirect.locationFor({ ...asked });
      return { route: { host: route.host, path: route.path, redirect }, explanation: undefined };
    }
    const { pool } = route;
    const request: Request = {
      id: 'explain',
      path,
      method,
      payload: '',
      headers: asked.headers,
      ...(clientAddress === undefined ? {} : { clientAddress }),
    };
    const session = await pool.sessions?.read(request);
    const { discovery, fleet } = pool.stats();
    return {
      route: { host: route.host, path: route.path, pool: pool.name },
      explanation: pool.balancer.explain(request, { session }),
      ...(discovery.length > 0 && { discovery }),
      ...(fleet !== undefined && { fleet }),
    };
  }

  async plan({ pool, ...change }: PlanQuery): Promise<Plan> {
    return asBadRequest(() => this.#poolOf(pool).balancer.plan(change));
  }

  async change(command: Command): Promise<void> {
    const pool = this.#poolOf(command.pool);
    if (command.type === 'add') return add(pool, command);
    if (command.type === 'put') return put(pool, command);
    if (command.type === 'remove' && (await pool.discovery.remove(command.backend))) return;
    if (!pool.balancer.has(command.backend))
      throw new ControlError(404, `pool ${command.pool} has no backend ${JSON.stringify(command.backend)}`);
    asBadRequest(() => apply(pool, command));
  }

  #poolOf(name: string): UpstreamPool {
    const pool = this.#runtime().pools.get(name);
    if (pool === undefined) throw new ControlError(404, `there is no pool ${JSON.stringify(name)}`);
    return pool;
  }
}

function inLowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value]));
}

function add({ balancer, name }: UpstreamPool, command: Extract<Command, { type: 'add' }>): void {
  const backend = engineEntry(command.backend);
  const added = asBadRequest(() => readEntry(backend, 'backend'));
  if (
    balancer.backends.some(
      ({ id, url }) => id === added.id || readEntry(url, 'url').address === added.address,
    )
  ) {
    throw new ControlError(409, `pool ${name} already has a backend ${JSON.stringify(added.id)}`);
  }
  asBadRequest(() => balancer.add(backend));
}

async function put(
  { discovery }: UpstreamPool,
  { backend, expiresAt = Number.POSITIVE_INFINITY }: Extract<Command, { type: 'put' }>,
): Promise<void> {
  asBadRequest(() => readEntry(backend, 'backend'));
  if (expiresAt > Date.now()) await discovery.put(backend, expiresAt);
}

function apply({ balancer }: UpstreamPool, command: Exclude<Command, { type: 'add' | 'put' }>): void {
  const { backend: id } = command;
  if (command.type === 'remove') balancer.remove(id);
  else if (command.type === 'resume') balancer.resume(id);
  else if (command.type === 'weight') balancer.setWeight(id, command.weight);
  else void balancer.drain(id);
}

/** Errors of the engine are errors of the call. @throws ControlError with status 400 */
function asBadRequest<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ControlError) throw error;
    throw new ControlError(400, (error as Error).message);
  }
}
