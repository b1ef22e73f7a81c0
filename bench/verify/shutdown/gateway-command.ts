// The command line's gateway in a process of its own, as a supervisor runs it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { GatewayConfigInput } from '../../../gateway/src/config/schema.ts';

const PROGRAM = fileURLToPath(new URL('../../../gateway/src/cli/main.ts', import.meta.url));
const HOST = '127.0.0.1';
const PATIENCE_MS = 30_000;

/** A gateway that `serve` has started. */
export class GatewayCommand {
  readonly port: number;
  /** Whether its `/readyz` said so, when it was last asked. */
  isReady = false;
  readonly #adminPort: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #exit: Promise<unknown>;

  private constructor(port: number, adminPort: number, config: object) {
    this.port = port;
    this.#adminPort = adminPort;
    this.#folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
    const file = join(this.#folder, 'gateway.json');
    writeFileSync(file, JSON.stringify(config));
    const flags = ['--import', 'tsx', PROGRAM, 'serve', '--config', file];
    this.#child = spawn(process.execPath, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#exit = once(this.#child, 'exit');
  }

  /** @throws Error if it is not ready in time */
  static async start(config: Omit<GatewayConfigInput, 'listeners' | 'admin'>): Promise<GatewayCommand> {
    const [port, adminPort] = [await freePort(), await freePort()];
    const gateway = new GatewayCommand(port, adminPort, {
      log: { level: 'error', access: false },
      ...config,
      listeners: [{ host: HOST, port, h2c: true }],
      admin: { host: HOST, port: adminPort },
    });
    const late = performance.now() + PATIENCE_MS;
    while (!(await gateway.probe())) {
      if (performance.now() > late) throw new Error('the gateway does not start');
      await sleep(50);
    }
    return gateway;
  }

  /** Asks whether it takes requests, as a load balancer before it does. */
  async probe(): Promise<boolean> {
    try {
      const response = await fetch(`http://${HOST}:${this.#adminPort}/readyz`);
      await response.arrayBuffer();
      this.isReady = response.ok;
    } catch {
      this.isReady = false;
    }
    return this.isReady;
  }

  /** Ends it as a supervisor does. Resolves when its process is gone. */
  async terminate(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exit;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
