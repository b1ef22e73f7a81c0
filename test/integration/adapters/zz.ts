import { balancedFetch } from '../../../src/adapters/fetch/index.ts';
import { TestEnv } from '../../support.ts';
import { aBackend, leases, refusingUrl } from './backends.ts';

const plain = process.argv[2] === 'plain';
const chance = new TestEnv(11).random;
const wild = () => (incoming: any, response: any) => {
  const kind = Math.floor(chance() * 6);
  const part = () => {
    response.writeHead(200, { 'content-length': 10_000_000 });
    response.write(Buffer.alloc(70_000));
  };
  if (kind === 0) return void incoming.socket.destroy();
  if (kind === 1) return void response.writeHead(503).end('x'.repeat(100_000));
  if (kind === 2) return part();
  if (kind === 3) {
    setImmediate(() => incoming.socket.destroy());
    return part();
  }
  return void response.end('x'.repeat(chance() * 200_000));
};
const urls = [(await aBackend(wild())).url, (await aBackend(wild())).url, await refusingUrl()];
const bal = balancedFetch(urls, {
  strategy: 'random',
  panicRatio: 1,
  timeoutMs: 200,
  failover: { retries: 3, minDelayMs: 0, maxDelayMs: 5, budget: { ratio: 1, floor: 100 } },
});
const fetch: any = plain
  ? (p: string, i: any) => globalThis.fetch(urls[Math.floor(chance() * 3)] + p, { ...i, duplex: 'half' })
  : bal;
const state = new Map<number, string>();
const one = async (i: number) => {
  const ms = 20 + Math.floor(chance() * 300);
  const signal = AbortSignal.timeout(ms);
  signal.addEventListener('abort', () => state.has(i) && state.set(i, state.get(i) + ' aborted'));
  const put = i % 2 === 0;
  const stream = i % 4 === 0;
  const body = stream ? new Blob(['x'.repeat(i * 100)]).stream() : 'x'.repeat(i * 100);
  state.set(i, `sending ${put ? (stream ? 'stream' : 'PUT') : 'GET'} ${ms}`);
  const response = await fetch(`/${i}`, { signal, ...(put ? { method: 'PUT', body } : {}) });
  state.set(i, `reading ${response.status}` + (i % 5 === 0 ? ' cancel' : ''));
  if (i % 5 === 0) await response.body?.cancel();
  else await response.arrayBuffer();
};
const lane = async (first: number) => {
  for (let i = first; i < 300; i += 15) {
    await one(i).catch(() => {});
    state.delete(i);
  }
};
await Promise.race([
  Promise.all(Array.from({ length: 15 }, (_, i) => lane(i))),
  new Promise((r) => setTimeout(r, 8000)),
]);
console.log(process.version, plain, state, leases(bal.balancer));
process.exit();
