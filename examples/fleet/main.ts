// The command `npm run fleet`: four gateways that agree by Redis where keys are, ten backends, and thirty
// paths that are asked for at each gateway.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REDIS_PORT = 4379;
const GATEWAYS = [4001, 4002, 4003, 4004];
const BACKENDS = Array.from({ length: 10 }, (_, i) => 4101 + i);
const PATHS = Array.from({ length: 30 }, (_, i) => `/page/${i + 1}`);

const children: ChildProcess[] = [];
const servers: Server[] = [];

/** Each says its port. */
async function backend(port: number): Promise<void> {
  const server = createServer((_, response) => response.end(String(port))).listen(port, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
}

function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  child.once('error', (error) => console.error(`${program} does not start: ${error.message}`));
  children.push(child);
}

function gateway(port: number): void {
  const args = ['--import', 'tsx', 'gateway/src/cli/main.ts', 'serve', '-c', 'examples/fleet/gateway.yaml'];
  start(process.execPath, args, {
    PORT: String(port),
    ADMIN_PORT: String(port + 1_000),
    REDIS_URL: `redis://127.0.0.1:${REDIS_PORT}`,
  });
}

async function untilReady(port: number): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    try {
      const { pools } = await (await fetch(`http://127.0.0.1:${port + 1_000}/stats`)).json();
      if (pools[0].fleet?.connected === true) return;
    } catch {
      // It does not listen yet.
    }
    await sleep(50);
  }
  throw new Error(`the gateway at port ${port} is not ready`);
}

/** Where a gateway has each path. */
async function ask(port: number, paths: readonly string[]): Promise<Map<string, string>> {
  const answers = await Promise.all(
    paths.map(async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text()),
  );
  return new Map(paths.map((path, i) => [path, answers[i] as string]));
}

/** One path after the other, so that no backend is at its limit. */
async function askInTurn(port: number): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  for (const path of PATHS) for (const [, place] of await ask(port, [path])) places.set(path, place);
  return places;
}

async function main(): Promise<void> {
  start('redis-server', ['--port', String(REDIS_PORT), '--bind', '127.0.0.1', '--save', '']);
  await Promise.all(BACKENDS.map(backend));
  GATEWAYS.forEach(gateway);
  await Promise.all(GATEWAYS.map(untilReady));
  // All at the same time and in different orders, so that no gateway has heard of the others.
  const first = await Promise.all(
    GATEWAYS.map((port, i) => ask(port, [...PATHS.slice(7 * i), ...PATHS.slice(0, 7 * i)])),
  );
  console.log(`at first:     ${apart(first)} of ${PATHS.length} paths on more than one backend`);
  await sleep(100);
  const next = await Promise.all(GATEWAYS.map(askInTurn));
  console.log(`100 ms later: ${apart(next)}`);
  for (const path of PATHS.slice(0, 5))
    console.log(`  ${path}: ${next.map((places) => places.get(path)).join(', ')}`);
}

function apart(all: readonly Map<string, string>[]): number {
  return PATHS.filter((path) => new Set(all.map((places) => places.get(path))).size > 1).length;
}

try {
  await main();
} finally {
  for (const child of children) child.kill();
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
}
