// Bun, which has its own loader, its own HTTP and its own fetch.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SIX_REQUESTS, TWO_TOKENS, TWO_TOKENS_VERIFIED } from './programs.mjs';
import { check } from './report.mjs';
import { run } from './workplace.mjs';

const ALONE = `
import * as crypto from 'node:crypto';
import { Loadbalancer, LoggerService, FetchHTTPService } from 'evenkeel';
import { balancedFetch, proxyHandler } from 'evenkeel/fetch';

const backend = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => new Response('asked for ' + new URL(request.url).pathname) });
const pool = ['http://127.0.0.1:' + backend.port, 'http://127.0.0.1:1'];
const call = balancedFetch(pool, { failover: true });
const handler = proxyHandler(pool, { failover: true });
const proxy = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => handler(request) });
const told = [];
for (let i = 0; i < 4; i++) {
  told.push(await (await call('/f' + i)).text());
  told.push(await (await fetch('http://127.0.0.1:' + proxy.port + '/h' + i)).text());
  const loadbalancer = new Loadbalancer(new FetchHTTPService(), pool, new LoggerService({ sink() {} }), { failover: true });
  const writer = { writeResponse: ({ data }) => told.push(data), writeHeader() {}, writeError: (error) => told.push(String(error)) };
  await loadbalancer.onRequest({ id: '1', path: '/l' + i, method: 'GET', payload: '' }, writer);
}
console.log(JSON.stringify(told));
proxy.stop(true);
backend.stop(true);
`;
const TOLD = [0, 1, 2, 3].flatMap((i) => [`asked for /f${i}`, `asked for /h${i}`, `asked for /l${i}`]);

const BOTH = `
import * as crypto from 'node:crypto';
import { jwtSessions } from 'evenkeel/sessions';
import { memoryRateLimiter } from 'evenkeel/rate-limit';
import { BalancedDispatcher } from 'evenkeel/undici';
import { createGateway } from 'evenkeel-gateway';
${TWO_TOKENS}
const caught = (call) => { try { call(); } catch (error) { return error.message; } };
const backend = Bun.serve({ port: 0, fetch: () => new Response('ok') });
const pools = { app: { backends: ['http://127.0.0.1:' + backend.port], health: false } };
const quiet = { debug() {}, info() {}, warn() {}, error() {}, access() {} };
const gateway = createGateway({ listeners: [{ host: '127.0.0.1', port: 0 }], pools }, { log: quiet });
const [{ port }] = await gateway.listen();
const answer = await fetch('http://127.0.0.1:' + port + '/x');
console.log(JSON.stringify([
  await twoTokens(),
  (await memoryRateLimiter({ points: 1, durationMs: 1000 }).take('k')).allowed,
  caught(() => new BalancedDispatcher(['http://127.0.0.1:1'])),
  [answer.status, await answer.text()],
]));
await gateway.close(0);
backend.stop(true);
process.exit();
`;
const BOTH_TOLD = [
  TWO_TOKENS_VERIFIED,
  true,
  'evenkeel/undici needs Node.js: this platform replaces undici; use evenkeel/fetch',
  [200, 'ok'],
];

export async function checkBun(alone, both, tools) {
  const bun = join(tools, 'node_modules', '.bin', 'bun');
  const outputOf = async (path, file, source) => {
    await writeFile(join(path, file), source);
    const { stdout } = await run(bun, ['run', file], { cwd: path, timeout: 60_000 });
    return JSON.parse(stdout.trim().split('\n').at(-1));
  };
  await check('the library and its fetch adapter work under Bun', async () => {
    const source = `import { Loadbalancer, LoggerService } from 'evenkeel';\n${SIX_REQUESTS}`;
    assert.equal((await outputOf(alone, 'six.bun.mjs', source)).inFlight, 0);
    assert.deepEqual(await outputOf(alone, 'use.bun.mjs', ALONE), TOLD);
  });
  if (both === undefined) return;
  await check(
    'sessions, limits and the gateway work under Bun; the undici dispatcher says that it does not',
    async () => {
      assert.deepEqual(await outputOf(both, 'both.bun.mjs', BOTH), BOTH_TOLD);
    },
  );
}
