// A gateway of an example, as its clients and its operators see it.
import type { GatewayExplanation, GatewayStats } from 'evenkeel-gateway';

type Pool = GatewayStats['pools'][number];

/** Admin listeners are so many ports above the gateways. */
const ADMIN_OFFSET = 10;

export class Gateway {
  readonly port: number;
  readonly adminPort: number;

  constructor(port: number) {
    this.port = port;
    this.adminPort = port + ADMIN_OFFSET;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.adminPort}`;
  }

  /** The name of the backend that answers. @throws Error if none does */
  async ask(path: string): Promise<string> {
    const response = await fetch(`${this.url}${path}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`status ${response.status}: ${text}`);
    return text;
  }

  async isReady(): Promise<boolean> {
    const ready = await fetch(`${this.adminUrl}/readyz`).catch(() => undefined);
    await ready?.body?.cancel();
    return ready?.ok === true;
  }

  /** The figures of its only pool. */
  async pool(): Promise<Pool> {
    const response = await fetch(`${this.adminUrl}/stats`);
    const { pools } = (await response.json()) as GatewayStats;
    return pools[0] as Pool;
  }

  /** Statistics are made once in a while; an explanation is made at once. */
  async mayUse(id: string): Promise<boolean> {
    const response = await fetch(`${this.adminUrl}/explain?path=/`);
    const { explanation } = (await response.json()) as GatewayExplanation;
    const verdict = explanation?.candidates.find((candidate) => candidate.id === id)?.verdict;
    return verdict !== undefined && verdict !== 'draining' && !verdict.startsWith('down');
  }

  /** Adds a backend to this gateway alone, as an operator does. */
  async add(url: string): Promise<void> {
    await fetch(`${this.adminUrl}/backends`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-evenkeel-admin': '1' },
      body: JSON.stringify({ url }),
    });
  }
}

/** Whether something holds of the pool of each. */
export async function ofAll(gateways: readonly Gateway[], holds: (pool: Pool) => boolean): Promise<boolean> {
  return (await Promise.all(gateways.map((gateway) => gateway.pool()))).every(holds);
}

/** Whether all may send requests to a backend. */
export async function allHave(gateways: readonly Gateway[], id: string): Promise<boolean> {
  return (await Promise.all(gateways.map((gateway) => gateway.mayUse(id)))).every(Boolean);
}

/** Whether none may, as it is draining, or not known. */
export async function noneHas(gateways: readonly Gateway[], id: string): Promise<boolean> {
  return !(await Promise.all(gateways.map((gateway) => gateway.mayUse(id)))).some(Boolean);
}
