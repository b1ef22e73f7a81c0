// A real etcd.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, ServerProcess } from './server-process.ts';

export const ETCD = 'etcd';

/** etcd with its data in a folder of its own. */
export async function etcdServer(...more: string[]) {
  const [port, peer] = [await freePort(), await freePort()];
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
