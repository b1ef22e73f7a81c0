// The way of requests through a gateway.

import type { Explanation, Request, StrategyName } from 'evenkeel';
import {
  createGateway,
  type Gateway,
  type GatewayConfigInput,
  type GatewayLog,
  type GatewayPoolStats,
} from 'evenkeel-gateway';
import { Pool, request } from 'undici';
import { MAX_IN_FLIGHT } from '../settings.ts';
import { ANSWER_WITHIN_MS, EJECTION, HEALTH, RETRIES, SLOW_START_MS } from './protections.ts';
import { type Addresses, type Answer, NO_RETRIES, type PoolEntry, type Way, type WayStats } from './way.ts';

const LOOPBACK = '127.0.0.1';
const POOL = 'shop';
/** No log: standard output is for the table, which shows failures, too. */
const SILENT: GatewayLog = { debug() {}, info() {}, warn() {}, error() {} };

/** Sends requests through a gateway. */
export class GatewayWay implements Way {
  readonly addresses: Addresses;
  /** The gateway's admissions cannot be observed. */
  readonly admissions = null;
  readonly #gateway: Gateway;
  readonly #client: Pool;

  private constructor(gateway: Gateway, addresses: Addresses) {
    this.addresses = addresses;
    this.#gateway = gateway;
    this.#client = new Pool(addresses.gateway, { connections: MAX_IN_FLIGHT, pipelining: 1 });
  }

  /** Opens a gateway on free ports. */
  static async open(pool: readonly PoolEntry[], strategy: StrategyName): Promise<GatewayWay> {
    const gateway = createGateway(configFor(pool, strategy), { log: SILENT });
    const [http, admin] = await gateway.listen();
    const url = (port = 0) => `http://${LOOPBACK}:${port}/`;
    return new GatewayWay(gateway, { gateway: url(http?.port), dashboard: url(admin?.port) });
  }

  async send({ method, path, headers, clientAddress }: Request): Promise<Answer> {
    const answer = await this.#client.request({
      method: method as 'GET',
      path,
      headers: [
        ...Object.entries(headers ?? {}).flatMap(([name, value]) => [name, String(value)]),
        ...(clientAddress === undefined ? [] : ['x-forwarded-for', clientAddress]),
      ],
    });
    const body = await answer.body.text();
    return { status: answer.statusCode, body, fromCache: answer.headers['x-cache'] === 'hit' };
  }

  async explain({ method, path, clientAddress }: Request): Promise<Explanation> {
    const { explanation } = await this.#gateway.control.explain({ method, path, clientAddress });
    if (explanation === undefined) throw new Error(`no route matches ${path}`);
    return explanation;
  }

  stats(): WayStats {
    const { pools, events } = this.#gateway.stats();
    const { backends, failover } = pools[0] as GatewayPoolStats;
    return {
      backends: backends.map(({ activeConnections, errors, ...rest }) => ({
        ...rest,
        failures: errors,
        inFlight: activeConnections,
      })),
      retries: failover?.retries ?? NO_RETRIES,
      incidents: events.flatMap(({ type, backend, at }) =>
        backend === undefined ? [] : { type, backend, at },
      ),
    };
  }

  /** By the admin listener, as an operator would. */
  async add(backend: PoolEntry): Promise<void> {
    const { statusCode, body } = await request(`${this.addresses.dashboard}backends`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-evenkeel-admin': '1' },
      body: JSON.stringify({ pool: POOL, ...backend }),
    });
    const answer = await body.text();
    if (statusCode !== 201) throw new Error(`the admin listener rejected ${backend.id}: ${answer}`);
  }

  async close(): Promise<void> {
    await this.#client.destroy();
    await this.#gateway.close(0);
  }
}

function configFor(backends: readonly PoolEntry[], strategy: StrategyName): GatewayConfigInput {
  return {
    listeners: [{ host: LOOPBACK, port: 0 }],
    admin: { host: LOOPBACK, port: 0 },
    pools: {
      [POOL]: {
        backends: [...backends],
        strategy,
        health: HEALTH,
        ejection: EJECTION,
        slowStart: { windowMs: SLOW_START_MS },
        retries: RETRIES,
        timeouts: { headersMs: ANSWER_WITHIN_MS },
      },
    },
    // All clients of the demo have the address of this machine. The header gives each an address, as a proxy
    // in front of the gateway would.
    trustedProxies: [LOOPBACK],
  };
}
