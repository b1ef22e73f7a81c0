// Discovery of the pods of a Kubernetes service, over an honest fake of its API.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { KubernetesApi, type PodSpec } from '../../examples/fleet/kubernetes/kubernetes-api.ts';
import { type KubernetesOptions, kubernetes } from '../../src/discovery/sources/kubernetes.ts';
import { fastEnv } from '../discovery/fast-env.ts';
import { closeWatches, watched } from '../discovery/watched.ts';
import { TestEnv } from '../support.ts';

/** All times are a hundredth: a silence of 120 s is one of 1.2 s. */
const env = fastEnv(100);
const ends: (() => unknown)[] = [];
afterEach(() => {
  closeWatches();
  for (const end of ends.splice(0).reverse()) end();
});

const pod = (number: number, more: Partial<PodSpec> = {}): PodSpec => ({
  name: `shop-${number}`,
  address: `10.0.0.${number}`,
  ...more,
});
const pods = (...numbers: number[]) => numbers.map((number) => pod(number));
const idsOf = (...numbers: number[]) => numbers.map((number) => `shop-${number}`);

async function set(more: Partial<KubernetesOptions> = {}, setUp: (api: KubernetesApi) => void = () => {}) {
  const api = await new KubernetesApi().start();
  ends.push(() => api.close());
  api.set(pods(1, 2));
  setUp(api);
  const source = kubernetes({
    service: 'shop',
    namespace: 'default',
    server: api.url,
    credentials: '/none',
    env,
    ...more,
  });
  const gateway = watched(source, { env });
  return { api, ...gateway };
}

it('tells of pods that come, terminate and go, with their zones', async () => {
  const { api, until, backends, lines } = await set();
  await until(...idsOf(1, 2));
  api.set([pod(1, { zone: 'a' }), ...pods(2, 3)]);
  await until(...idsOf(1, 2, 3));
  expect(backends()[0]).toEqual({ id: 'shop-1', url: 'http://10.0.0.1:8080', zone: 'a' });
  api.set([pod(1, { conditions: { ready: false, serving: true, terminating: true } }), ...pods(2, 3)]);
  await expect.poll(() => backends()[0]?.draining).toBe(true);
  api.set(pods(2, 3));
  await until(...idsOf(2, 3));
  api.set([...pods(2, 3), pod(4, { conditions: { ready: false } })]);
  api.set(pods(5), 'shop-2');
  await until(...idsOf(2, 3, 5));
  api.remove('shop-2');
  await until(...idsOf(2, 3));
  expect(lines).toEqual([]);
});

it('knows a pod that moves between slices, and stands in both for a moment, as one', async () => {
  const { api, until, changes } = await set();
  await until(...idsOf(1, 2));
  api.set(pods(3), 'shop-2');
  await until(...idsOf(1, 2, 3));
  api.set([pod(3), pod(2)], 'shop-2');
  api.set([pod(1)]);
  api.set(pods(2, 3, 4), 'shop-2');
  await until(...idsOf(1, 2, 3, 4));
  expect(changes.every((ids, i) => i < 1 || ids.includes('shop-2'))).toBe(true);
});

it.each<[string | number | undefined, string]>([
  [undefined, 'http://10.0.0.1:8080'],
  ['admin', 'http://10.0.0.1:9'],
  [9, 'http://10.0.0.1:9'],
  [7, 'http://10.0.0.1:7'],
])('takes the port %s', async (port, url) => {
  const { until, backends } = await set(port === undefined ? {} : { port });
  await until(...idsOf(1, 2));
  expect(backends()[0]?.url).toBe(url);
});

it('sees every change though every watch breaks off at random', async () => {
  const { random } = new TestEnv(7);
  const { api, until, lines } = await set();
  await until(...idsOf(1, 2));
  const stop = api.dropAtRandom(4, random);
  ends.push(stop);
  for (let turn = 0; turn < 100; turn++) {
    const numbers = [1, 2, 3, 4, 5, 6].filter((number) => number > 3 || random() < 0.5);
    api.set(pods(...numbers));
    if (turn % 7 === 0) api.compact();
    await until(...idsOf(...numbers));
  }
  expect(api.watches).toBeGreaterThan(10);
  // A list may be broken off, too.
  expect(lines.filter((text) => !/ECONNRESET|hang up|aborted|answers again/.test(text))).toEqual([]);
});

it('reads everything anew when its version is too old', async () => {
  const { api, until } = await set();
  await until(...idsOf(1, 2));
  const { lists } = api;
  api.drop();
  api.set(pods(1, 2, 3));
  api.compact();
  await until(...idsOf(1, 2, 3));
  expect(api.lists).toBe(lists + 1);
});

it('notices a connection that is silent, and goes on', async () => {
  const { api, until, watch } = await set({}, (api) => (api.bookmarkMs = 200));
  await until(...idsOf(1, 2));
  api.isSilent = true;
  api.set(pods(1, 2, 3));
  const { watches } = api;
  await expect.poll(() => api.watches, { timeout: 10_000 }).toBeGreaterThan(watches);
  api.isSilent = false;
  await until(...idsOf(1, 2, 3));
  expect(watch.stats().backends).toBe(3);
});

it('reads the token anew for each request, and keeps the set while it is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-k8s-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const token = (text: string) => writeFileSync(join(folder, 'token'), `${text}\n`);
  token('one');
  const { api, until, state, lines, ids } = await set({ credentials: folder }, (api) => (api.token = 'one'));
  await until(...idsOf(1, 2));
  api.token = 'two';
  api.drop();
  await state('failing');
  expect(ids()).toEqual(idsOf(1, 2));
  token('two');
  api.set(pods(1, 2, 3));
  await until(...idsOf(1, 2, 3));
  expect(lines).toEqual(['kubernetes shop: status 401', 'kubernetes shop: answers again']);
});

it('keeps the set while the server is away', async () => {
  const { api, until, state, ids } = await set();
  await until(...idsOf(1, 2));
  api.close();
  await state('failing');
  expect(ids()).toEqual(idsOf(1, 2));
});

it.each<[object, string]>([
  [{}, 'kubernetes.service must be a string with at least one character, got undefined'],
  [
    { service: 'a', port: 0 },
    'kubernetes.port must be the name of a port, or an integer from 1 to 65535, got 0',
  ],
])('refuses %j', (options, message) => {
  expect(() => kubernetes(options as never)).toThrow(message);
});
