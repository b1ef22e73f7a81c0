// A real DNS server whose records a test changes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onFreePort, ServerProcess } from './server-process.ts';

export const DNSMASQ = 'dnsmasq';

/** dnsmasq with a watched folder of hosts. */
export class DnsServer {
  readonly address: string;
  readonly #folder: string;
  readonly #process: ServerProcess;

  private constructor(port: number, folder: string) {
    this.address = `127.0.0.1:${port}`;
    this.#folder = folder;
    const args = [
      '--keep-in-foreground',
      '--log-facility=-',
      '--log-queries',
      '--user=root',
      `--conf-file=${folder}/conf`,
    ];
    this.#process = new ServerProcess(DNSMASQ, args, 'started');
  }

  /** @param records - lines of its configuration, such as `srv-host=...` */
  static start(hosts: Readonly<Record<string, readonly string[]>>, records: readonly string[] = []) {
    return onFreePort((port) => DnsServer.#startOn(port, hosts, records));
  }

  static async #startOn(
    port: number,
    hosts: Readonly<Record<string, readonly string[]>>,
    records: readonly string[],
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-dns-'));
    mkdirSync(join(folder, 'hosts'));
    const base = ['no-resolv', 'no-hosts', 'listen-address=127.0.0.1', 'bind-interfaces', `port=${port}`];
    const own = [`hostsdir=${folder}/hosts`, 'local-ttl=1', 'local=/test/', `pid-file=${folder}/pid`];
    const server = new DnsServer(port, folder);
    server.#base = [...base, ...own];
    server.#write(records);
    for (const [name, addresses] of Object.entries(hosts)) server.set(name, ...addresses);
    await server.#process.start();
    return server;
  }

  #base: readonly string[] = [];

  #write(records: readonly string[]): void {
    writeFileSync(join(this.#folder, 'conf'), [...this.#base, ...records, ''].join('\n'));
  }

  /** Sets the addresses of a name. */
  set(name: string, ...addresses: string[]): void {
    writeFileSync(join(this.#folder, 'hosts', name), addresses.map((one) => `${one} ${name}\n`).join(''));
  }

  /** Starts it again with other records. */
  async restart(records: readonly string[] = []): Promise<void> {
    await this.kill();
    this.#write(records);
    await this.#process.start();
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  freeze(isFrozen: boolean): void {
    this.#process.freeze(isFrozen);
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true });
  }
}
