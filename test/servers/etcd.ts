// A real etcd.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, onFreePort, ServerProcess } from './server-process.ts';

export const ETCD = 'etcd';

/** etcd with its data in a folder of its own. */
export function etcdServer(...more: string[]) {
  return onFreePort(async (port) => start(port, await freePort(), more));
}

async function start(port: number, peer: number, more: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-etcd-'));
  const [client, other] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peer}`];
  const urls = [
    '--listen-client-urls',
    client,
    '--advertise-client-urls',
    client,
    '--listen-peer-urls',
    other,
  ];
  const peers = ['--initial-advertise-peer-urls', other, '--initial-cluster', `default=${other}`];
  const fast = ['--heartbeat-interval', '20', '--election-timeout', '100', '--unsafe-no-fsync'];
  const process = new ServerProcess(
    ETCD,
    ['--data-dir', folder, ...urls, ...peers, ...fast, ...more],
    'ready to serve client requests',
  );
  await process.start();
  return {
    url: client,
    process,
    /** Loses everything. */
    wipe: () => rmSync(folder, { recursive: true }),
    async close() {
      await process.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
