// The command `npm run fleet:dns`: two gateways whose backends are the addresses of a name, told by dnsmasq.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allHave, noneHas, ofAll } from '../gateway.ts';
import { play } from '../stage.ts';
import { showPlaces, Traffic } from '../traffic.ts';

const GATEWAYS = 2;
const NAME = 'shop.test';

await play(async (stage) => {
  const [dnsPort, shopPort] = [stage.port + 30, stage.port + 40];
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-dns-'));
  stage.atTheEnd(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'hosts'));
  const config = [
    'no-resolv',
    'no-hosts',
    'listen-address=127.0.0.1',
    'bind-interfaces',
    `port=${dnsPort}`,
    `hostsdir=${folder}/hosts`,
    `pid-file=${folder}/pid`,
    'local=/test/',
    'local-ttl=1',
    ...(process.getuid?.() === 0 ? ['user=root'] : []),
  ];
  writeFileSync(join(folder, 'dnsmasq.conf'), config.join('\n'));
  /** dnsmasq watches the folder. */
  const set = (...addresses: string[]) =>
    writeFileSync(join(folder, 'hosts', NAME), addresses.map((address) => `${address} ${NAME}\n`).join(''));

  const [one, two, three] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;
  set(one, two);
  const args = ['--keep-in-foreground', `--conf-file=${folder}/dnsmasq.conf`];
  const dnsmasq = await stage.program('dnsmasq', args, 'dnsmasq-base');
  for (const address of [one, two, three]) await stage.backend(`shop at ${address}`, shopPort, address);
  console.log(`dnsmasq at 127.0.0.1:${dnsPort} tells two addresses of ${NAME}, with a TTL of 1 s`);
  const gateways = await stage.gateways(GATEWAYS, 'dns/gateway.yaml', {
    DNS_SERVER: `127.0.0.1:${dnsPort}`,
    SHOP_PORT: String(shopPort),
  });
  const idOf = (address: string) => `http://${address}:${shopPort}`;
  await stage.until(() => allHave(gateways, idOf(two)));

  console.log('\nThe same key goes to the same address at each gateway');
  await showPlaces(gateways);

  console.log('\nThe name gets a third address');
  let traffic = new Traffic(gateways);
  set(one, two, three);
  console.log(`  known to all gateways after ${await stage.until(() => allHave(gateways, idOf(three)))} ms`);
  console.log(`  ${await traffic.end()}`);

  console.log('\nIt loses the second one, which two answers in a row must lack');
  traffic = new Traffic(gateways);
  set(one, three);
  console.log(`  left by all gateways after ${await stage.until(() => noneHas(gateways, idOf(two)))} ms`);
  console.log(`  ${await traffic.end()}`);

  console.log('\ndnsmasq is killed');
  traffic = new Traffic(gateways);
  await dnsmasq.stop();
  await stage.until(() => ofAll(gateways, ({ discovery: [source] }) => source?.state === 'failing'));
  const [source] = (await gateways[0]?.pool())?.discovery ?? [];
  console.log(`  ${source?.source}: ${source?.state}, ${source?.backends} backends stay: ${source?.trouble}`);
  console.log(`  ${await traffic.end()}`);
});
