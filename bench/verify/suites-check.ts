// Suites of others, straight to a server and through the gateway: what is different between the two is the
// gateway's. They are no packages, so that they are run where they have been built.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { certificateFor } from '../../gateway/test/conformance/certificates.ts';
import type { Target } from '../../gateway/test/conformance/target.ts';
import { evenkeel } from '../../gateway/test/conformance/targets/evenkeel.ts';
import { haproxy } from '../../gateway/test/conformance/targets/haproxy.ts';
import { nginx } from '../../gateway/test/conformance/targets/nginx.ts';
import { freePorts, takesConnections } from '../gateway/ports.ts';
import type { Check, Finding } from './check.ts';

const run = promisify(execFile);

/** Both suites wait for seconds in some cases. */
const PATIENCE_MS = 300_000;
const MAX_DIFFERENCES = 9;
const HOST = '127.0.0.1';

export const suitesCheck: Check = {
  name: 'suites',
  about: 'h2spec and cache-tests, straight to a server and through the gateway (H2SPEC, CACHE_TESTS)',
  async run(show) {
    const { H2SPEC, CACHE_TESTS } = process.env;
    if (H2SPEC === undefined) show({ what: 'h2spec', figure: 'left out: H2SPEC names its program' });
    else show(await http2Finding(H2SPEC));
    if (CACHE_TESTS === undefined)
      show({ what: 'cache-tests', figure: 'left out: CACHE_TESTS names a clone' });
    else for (const finding of await cacheFindings(CACHE_TESTS)) show(finding);
    return [];
  },
};

async function http2Finding(program: string): Promise<Finding> {
  const certificate = await certificateFor('localhost');
  const answer = (_: unknown, response: { end(text: string): void }) =>
    response.end('a response with a body');
  const backend = createHttpServer(answer);
  const direct = createSecureServer(certificate, answer).on('sessionError', () => {});
  const options = {
    backends: [`http://${HOST}:${await listening(backend)}`],
    listener: { tls: { certificates: [certificate] } },
  };
  const gateway = await evenkeel.start(options);
  try {
    const without = await failuresOf(program, await listening(direct));
    const through = await failuresOf(program, gateway.port);
    const more = through.failed.filter((title) => !without.failed.includes(title));
    return {
      what: `h2spec, ${through.count} cases`,
      figure: `${through.failed.length} fail, ${without.failed.length} of node:http2 alone${more.map((title) => `; ${title}`).join('')}`,
      target: 'none fails that passes with node:http2 alone',
      met: through.count > 0 && more.length === 0,
    };
  } finally {
    await gateway.stop();
    direct.close();
    backend.close();
    backend.closeAllConnections();
  }
}

async function failuresOf(program: string, port: number): Promise<{ count: number; failed: string[] }> {
  const report = join(tmpdir(), `evenkeel-h2spec-${port}.xml`);
  const args = ['--tls', '--insecure', '--host', HOST, '--port', String(port), '--junit-report', report];
  const options = { timeout: PATIENCE_MS, maxBuffer: 10_000_000 };
  // Its exit code says whether a case fails.
  const { stdout } = await run(program, args, options).catch((error) => error as { stdout: string });
  const failed = stdout.split(/[\r\n]+/).flatMap((line) => /× \d+: (.*)/.exec(line)?.[1] ?? []);
  return { count: Number(/(\d+) tests,/.exec(stdout)?.[1] ?? 0), failed: [...new Set(failed)] };
}

async function cacheFindings(clone: string): Promise<Finding[]> {
  const [port] = (await freePorts(1)) as [number];
  const env = { ...process.env, npm_config_protocol: 'http', npm_config_port: String(port) };
  const pidfile = { npm_config_pidfile: join(tmpdir(), `evenkeel-cache-tests-${port}.pid`) };
  const server = spawn(process.execPath, [join(clone, 'test-engine/server/server.mjs')], {
    env: { ...env, ...pidfile },
    stdio: 'ignore',
  });
  try {
    await answers(port);
    const direct = cacheResults(clone, port);
    const peers = await Promise.all([evenkeel, nginx, haproxy].map((target) => through(clone, target, port)));
    const expected = await direct;
    const count = expected.size;
    return peers.map(({ name, results }): Finding => {
      const differing = [...expected].flatMap(([id, result]) => (results?.get(id) === result ? [] : [id]));
      const what = `cache-tests, ${count} cases, ${name}`;
      if (results === undefined) return { what, figure: 'is not here' };
      if (name !== evenkeel.name) return { what, figure: `${differing.length} differ` };
      return {
        what,
        figure: `${differing.length} differ: ${differing.join(', ')}`,
        target: `at most ${MAX_DIFFERENCES} differ from the server itself`,
        met: count > 0 && differing.length <= MAX_DIFFERENCES,
      };
    });
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

async function through(clone: string, target: Target, port: number) {
  const { name } = target;
  const running = await target.start({ backends: [`http://${HOST}:${port}`] }).catch(() => undefined);
  if (running === undefined) return { name, results: undefined };
  try {
    return { name, results: await cacheResults(clone, running.port) };
  } finally {
    await running.stop();
  }
}

/** What the suite says of each of its cases; times are left out, which differ from run to run. */
async function cacheResults(clone: string, port: number): Promise<ReadonlyMap<string, string>> {
  const env = {
    ...process.env,
    npm_config_base: `http://${HOST}:${port}`,
    npm_config_id: '',
    npm_package_config_id: '',
  };
  const args = ['--no-warnings', join(clone, 'test-engine/cli.mjs')];
  const { stdout } = await run(process.execPath, args, { env, timeout: PATIENCE_MS, maxBuffer: 10_000_000 });
  const results = JSON.parse(stdout) as Record<string, unknown>;
  const shown = (result: unknown) => JSON.stringify(result).replace(/\w{3}, \d\d \w{3} [\d :]+ GMT/g, '');
  return new Map(Object.entries(results).map(([id, result]) => [id, shown(result)]));
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; !(await takesConnections(port)); tries++) {
    if (tries === 100) throw new Error('the server of cache-tests does not listen');
    await sleep(50);
  }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, HOST);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
