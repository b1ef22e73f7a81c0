import { TestEnv } from '../../../test/support.ts';
import { readConfig } from '../../src/config/read-config.ts';
import type { GatewayConfigInput } from '../../src/config/schema.ts';
import { ClusterGateway } from '../../src/workers/cluster-gateway.ts';
import type { SharedConfig } from '../../src/workers/shared-config.ts';
import { type FakeGateway, FakeProcess, KeptLog, settled } from './fakes.ts';

export const A = 'http://10.0.0.1:8080';
export const B = 'http://10.0.0.2:8080';

/** A configuration of one pool. */
export function configOf(extras: Partial<GatewayConfigInput> = {}): SharedConfig {
  const shop = { backends: [A, B] };
  const config = { listeners: [{ port: 8080 }], pools: { shop }, workers: 3, ...extras };
  return readConfig(config) as SharedConfig;
}

/** A gateway of fake workers, with a clock that is moved by hand. */
export class Lab {
  readonly env = new TestEnv();
  readonly log = new KeptLog();
  /** Every process that was ever started. */
  readonly processes: FakeProcess[] = [];
  /** Makes the gateway of the next workers what it is to be. */
  prepare: (gateway: FakeGateway, pid: number) => void = () => {};
  readonly gateway: ClusterGateway;

  constructor(config = configOf()) {
    this.gateway = new ClusterGateway(config, { fork: () => this.#fork(), log: this.log, env: this.env });
  }

  /** Three workers that serve. */
  static async serving(config?: SharedConfig): Promise<Lab> {
    const lab = new Lab(config);
    await lab.gateway.listen();
    // A moment that is not the clock's first.
    lab.env.advance(1);
    return lab;
  }

  /** The process of so many that were started. */
  process(pid: number): FakeProcess {
    const process = this.processes[pid - 1];
    if (process === undefined) throw new Error(`no process ${pid}`);
    return process;
  }

  /** What one has been told. */
  callsOf(pid: number): readonly string[] {
    return this.process(pid).gateway?.calls ?? [];
  }

  /** Moves the clock on, and lets happen what follows. */
  async pass(ms: number): Promise<void> {
    this.env.advance(ms);
    await settled();
  }

  /** Ends one, and lets happen what follows. */
  async end(pid: number, how = 'SIGKILL'): Promise<void> {
    this.process(pid).end(how);
    await settled();
  }

  #fork(): FakeProcess {
    const pid = this.processes.length + 1;
    const process = new FakeProcess(pid, (gateway) => this.prepare(gateway, pid));
    this.processes.push(process);
    return process;
  }
}
