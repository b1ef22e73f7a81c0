// The command `npm run fleet:kubernetes`: two gateways whose backends are the pods of a service.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allHave, noneHas, ofAll } from '../gateway.ts';
import { play } from '../stage.ts';
import { showPlaces, Traffic } from '../traffic.ts';
import { KubernetesApi } from './kubernetes-api.ts';

const GATEWAYS = 2;
const PODS = 3;
/** Between the end of a pod's readiness and its own end, as `preStop` makes it. */
const DRAIN_MS = 200;

await play(async (stage) => {
  const [apiPort, firstPort] = [stage.port + 30, stage.port + 40];
  const api = new KubernetesApi();
  api.token = 'the token of the service account';
  await api.start(apiPort);
  stage.atTheEnd(() => api.close());
  const credentials = mkdtempSync(join(tmpdir(), 'evenkeel-account-'));
  stage.atTheEnd(() => rmSync(credentials, { recursive: true }));
  writeFileSync(join(credentials, 'token'), api.token);

  let pods = 0;
  /** A pod that runs and is ready. */
  const launch = async () => {
    const number = ++pods;
    const pod = { name: `shop-${number}`, address: '127.0.0.1' };
    const port = firstPort + number;
    const close = await stage.backend(pod.name, port);
    // A slice for each pod: on one machine they differ in their ports.
    const tell = (terminating: boolean) =>
      api.set([{ ...pod, conditions: { ready: !terminating, serving: true, terminating } }], pod.name, [
        { name: 'http', port },
      ]);
    tell(false);
    /** Ends it as a deployment does. */
    const end = async () => {
      tell(true);
      await stage.wait(DRAIN_MS);
      await close();
      api.remove(pod.name);
    };
    return { name: pod.name, end };
  };
  let living = await Promise.all(Array.from({ length: PODS }, launch));
  console.log(`${PODS} pods of the service shop, told by http://127.0.0.1:${apiPort}`);
  const gateways = await stage.gateways(GATEWAYS, 'kubernetes/gateway.yaml', {
    API_URL: `http://127.0.0.1:${apiPort}`,
    CREDENTIALS: credentials,
  });

  console.log('\nThe same key goes to the same pod at each gateway');
  await showPlaces(gateways);

  console.log('\nThe service is scaled up by a pod');
  let traffic = new Traffic(gateways);
  const added = await launch();
  console.log(`  ready at all gateways after ${await stage.until(() => allHave(gateways, added.name))} ms`);
  living.push(added);
  console.log(`  ${await traffic.end()}`);

  console.log('\nA rolling update replaces all pods');
  traffic = new Traffic(gateways);
  for (const old of [...living]) {
    const pod = await launch();
    await stage.until(() => allHave(gateways, pod.name));
    await old.end();
    await stage.until(() => noneHas(gateways, old.name));
    living = [...living.filter((one) => one !== old), pod];
  }
  console.log(`  pods now: ${living.map(({ name }) => name).join(', ')}`);
  console.log(`  ${await traffic.end()}`);

  console.log('\nThe API drops every watch, and its history is compacted');
  traffic = new Traffic(gateways);
  api.compact();
  api.drop();
  const late = await launch();
  console.log(
    `  a new pod is known all the same after ${await stage.until(() => allHave(gateways, late.name))} ms`,
  );
  console.log(`  ${await traffic.end()}`);

  console.log('\nThe API answers nobody any more: the token is refused');
  traffic = new Traffic(gateways);
  api.token = 'another token';
  api.drop();
  await stage.until(() => ofAll(gateways, ({ discovery: [source] }) => source?.state === 'failing'));
  const [source] = (await gateways[0]?.pool())?.discovery ?? [];
  console.log(`  ${source?.source}: ${source?.state}, ${source?.backends} backends stay: ${source?.trouble}`);
  console.log(`  ${await traffic.end()}`);
});
