import type { FleetStore } from 'evenkeel/fleet';
import type { GatewayConfigInput } from '../../src/config/schema.ts';
import type {
  Command,
  Control,
  ExplainQuery,
  Gateway,
  GatewayExplanation,
  GatewayLog,
  GatewayStats,
  ListeningAddress,
  PlanQuery,
  RateLimiterFactory,
} from '../../src/contracts.ts';
import type { WorkerProcess } from '../../src/workers/worker-link.ts';
import { WorkerServer } from '../../src/workers/worker-server.ts';
import { gatewayStats } from '../observation/figures.ts';

/** A log that keeps its lines. */
export class KeptLog implements GatewayLog {
  readonly lines: { level: string; fields: object; message: string }[] = [];
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  /** `level message` of each. */
  get texts(): string[] {
    return this.lines.map(({ level, message }) => `${level} ${message}`);
  }

  #at(level: string) {
    return (fields: object, message: string) => void this.lines.push({ level, fields, message });
  }
}

/** A gateway that notes what it is told, and fails as it is told. */
export class FakeGateway implements Gateway {
  readonly calls: string[] = [];
  readonly changes: Command[] = [];
  readonly queries: ExplainQuery[] = [];
  readonly plans: PlanQuery[] = [];
  explained: GatewayExplanation = { route: undefined, explanation: undefined };
  figures = gatewayStats();
  /** What calls throw, by their name. */
  readonly failures = new Map<string, Error>();
  /** Calls that never end, by their name. */
  readonly hanging = new Set<string>();
  config: GatewayConfigInput;

  constructor(config: GatewayConfigInput) {
    this.config = config;
  }

  readonly control: Control = {
    stats: async () => this.#do('stats', () => this.figures),
    explain: (query) =>
      this.#do('explain', () => {
        this.queries.push(query);
        return this.explained;
      }),
    plan: (query) =>
      this.#do('plan', () => {
        this.plans.push(query);
        return { moved: 0.25, exact: true, rescaled: false, moves: [], shares: [] };
      }),
    change: (command) =>
      this.#do('change', () => {
        this.changes.push(command);
      }),
  };

  listen(): Promise<readonly ListeningAddress[]> {
    return this.#do('listen', () => [{ host: '127.0.0.1', port: 8080, protocol: 'http' }]);
  }

  close(graceMs?: number): Promise<void> {
    return this.#do(`close ${graceMs}`, () => {});
  }

  reload(config: GatewayConfigInput): Promise<void> {
    return this.#do('reload', () => {
      this.config = config;
    });
  }

  stats(): GatewayStats {
    return this.figures;
  }

  async #do<T>(name: string, work: () => T): Promise<T> {
    this.calls.push(name);
    const [kind = ''] = name.split(' ');
    if (this.hanging.has(kind)) return new Promise(() => {});
    const failure = this.failures.get(kind);
    if (failure !== undefined) throw failure;
    return work();
  }
}

/**
 * A process of this very process: a worker's end with a fake gateway, and messages that are copied on their
 * way.
 */
export class FakeProcess implements WorkerProcess {
  readonly pid: number;
  readonly server: WorkerServer;
  gateway: FakeGateway | undefined;
  /** Makes the limiters of its routes. */
  rateLimiter: RateLimiterFactory | undefined;
  /** Where its keys are shared. */
  fleet: FleetStore | undefined;
  readonly log = new KeptLog();
  /** How often it was killed. */
  kills = 0;
  /** Whether messages get lost both ways, as with a process that is stopped. */
  isDeaf = false;
  readonly #toPrimary: ((message: unknown) => void)[] = [];
  #toWorker: (message: unknown) => void = () => {};
  #onExit: (how: string) => void = () => {};
  #isGone = false;

  /** @param prepare - makes the gateway what it is to be before it listens */
  constructor(pid: number, prepare: (gateway: FakeGateway) => void = () => {}) {
    this.pid = pid;
    const port = {
      send: (message: object, done?: () => void) => {
        this.#deliver((copy) => this.#toPrimary.forEach((take) => void take(copy)), message);
        if (done !== undefined) queueMicrotask(done);
      },
      onMessage: (listener: (message: unknown) => void) => {
        this.#toWorker = listener;
      },
    };
    this.server = new WorkerServer(port, {
      open: (config, { rateLimiter, fleet }) => {
        this.rateLimiter = rateLimiter;
        this.fleet = fleet;
        this.gateway = new FakeGateway(config);
        prepare(this.gateway);
        return { gateway: this.gateway, log: this.log };
      },
      exit: (code) => this.end(`exit code ${code}`),
    });
  }

  send(message: object): void {
    this.#deliver((copy) => this.#toWorker(copy), message);
  }

  kill(): void {
    this.kills++;
    this.end('SIGKILL');
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#toPrimary.push(listener);
  }

  onExit(listener: (how: string) => void): void {
    this.#onExit = listener;
  }

  /** Ends it. */
  end(how: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    queueMicrotask(() => this.#onExit(how));
  }

  #deliver(take: (message: unknown) => void, message: object): void {
    const copy = structuredClone(message);
    queueMicrotask(() => {
      if (!this.isDeaf && !this.#isGone) take(copy);
    });
  }
}

/** Lets everything happen that needs no timer. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
