// A real cluster of Redis: two nodes, with half of the slots each.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { redisServer } from './redis.ts';

export async function redisCluster() {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-cluster-'));
  const nodes = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const own = ['--cluster-enabled', 'yes', '--cluster-config-file', join(folder, name)];
      const { port, process } = await redisServer(...own, '--cluster-node-timeout', '2000', '--dir', folder);
      const admin = new Redis({ port, host: '127.0.0.1' });
      return { port, process, admin, id: String(await admin.call('CLUSTER', 'MYID')) };
    }),
  );
  const [one, two] = nodes as [(typeof nodes)[number], (typeof nodes)[number]];
  await one.admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
  await two.admin.call('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
  await one.admin.call('CLUSTER', 'MEET', '127.0.0.1', String(two.port));
  for (const { admin } of nodes)
    while (!String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20);

  return {
    ports: nodes.map(({ port }) => port),
    /**
     * Moves the slot of a key to the other node.
     * @param inBetween - runs when the slot is announced and half of its keys have gone
     */
    async move(key: string, inBetween: () => Promise<void>): Promise<void> {
      const slot = String(await one.admin.call('CLUSTER', 'KEYSLOT', key));
      const [from, to] = Number(slot) < 8_192 ? [one, two] : [two, one];
      await to.admin.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
      await from.admin.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
      const keys = (await from.admin.call('CLUSTER', 'GETKEYSINSLOT', slot, '1000')) as string[];
      const migrate = (some: readonly string[]) =>
        some.length > 0 &&
        from.admin.call('MIGRATE', '127.0.0.1', String(to.port), '', '0', '1000', 'KEYS', ...some);
      const half = Math.ceil(keys.length / 2);
      await migrate(keys.slice(0, half));
      await inBetween();
      await migrate((await from.admin.call('CLUSTER', 'GETKEYSINSLOT', slot, '1000')) as string[]);
      for (const { admin } of [to, from]) await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
    },
    async close() {
      for (const { admin } of nodes) admin.disconnect();
      await Promise.all(nodes.map(({ process }) => process.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
