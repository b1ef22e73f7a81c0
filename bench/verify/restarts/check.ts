// Eight backends restart one after the other under load, behind the library, the gateway and nginx in the
// same run: real processes, real sockets, and the errors that clients see.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FetchHTTPService, Loadbalancer, outlierEjection, slowStart } from '../../../src/index.ts';
import { fileOf } from '../../gateway/commands.ts';
import { nginxConfig, proxyConfig } from '../../gateway/nginx-config.ts';
import { freePorts } from '../../gateway/ports.ts';
import { GatewayProcess } from '../../robustness/gateway-process.ts';
import type { Check, Finding } from '../check.ts';
import { type Ending, RestartedBackends } from './restarted-backends.ts';
import { type Seen, type Sent, sendTo, steadyClients } from './steady-clients.ts';

const BACKENDS = 8;
const EVERY_MS = 3_000;
const AWAY_MS = 500;
const PER_SECOND = 80;
/** After the last restart, so that what comes of it is seen. */
const AFTER_MS = 5_000;
/** The longest time that a request is at a backend, and on its way there, on a busy machine. */
const AT_BACKEND_MS = 500;
const ON_THE_WAY_MS = 50;
/** The time in which nginx starts. */
const BOOT_MS = 500;

/** Something that balances: how to send it a request, and how to end it. */
interface Contender {
  readonly name: string;
  send(request: Sent): Promise<number>;
  stop(): Promise<void> | void;
}

export const restartsCheck: Check = {
  name: 'restarts',
  about: `${BACKENDS} backends restart ${EVERY_MS / 1_000} s apart under load, behind the library, the gateway and nginx`,
  async run(show) {
    for (const ending of ['drain', 'kill'] as const) for (const one of await restarts(ending)) show(one);
    return [];
  },
};

async function restarts(ending: Ending): Promise<Finding[]> {
  const [nginxPort, ...ports] = (await freePorts(BACKENDS + 1)) as [number, ...number[]];
  const backends = new RestartedBackends(ports);
  const contenders: Contender[] = [];
  const clear = () => {
    backends.kill();
    for (const contender of contenders) void contender.stop();
  };
  process.once('exit', clear);
  try {
    await backends.start();
    contenders.push(library(ports), await gateway(ports));
    const peer = await nginx(ports, nginxPort);
    if (peer !== undefined) contenders.push(peer);
    const stops = contenders.map(({ name, send }) => steadyClients(name, PER_SECOND, send));
    await sleep(EVERY_MS);
    await backends.restartAll(ending, EVERY_MS, AWAY_MS);
    await sleep(AFTER_MS);
    const all = await Promise.all(stops.map((stop) => stop()));
    return contenders.map(({ name }, i) => finding(name, all[i] as Seen, ending, backends));
  } finally {
    process.off('exit', clear);
    backends.kill();
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/**
 * A POST that was sent to a backend before that was killed is lost, and must not be sent again: what a
 * balancer can avoid is any other error.
 */
function finding(
  name: string,
  seen: Seen,
  ending: Ending,
  { received, endings }: RestartedBackends,
): Finding {
  const { requests, failed } = seen;
  const counts = new Map<string, number>();
  for (const { kind } of failed) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const posts = failed.filter(({ method }) => method === 'POST');
  const gets = failed.length - posts.length;
  const common = { what: `${ending === 'drain' ? 'drained' : 'killed'}, ${name}` };
  const kinds = [...counts].map(([kind, count]) => `${count} x ${kind}`).join(', ');
  const figure = `GET ${gets}, POST ${posts.length} of ${requests} requests${kinds && ` (${kinds})`}`;
  if (name === 'nginx' && ending === 'drain') return { ...common, figure };
  if (ending === 'drain') return { ...common, figure, target: 'GET 0, POST 0', met: failed.length === 0 };
  const isLost = (id: string, at: number) =>
    received.has(id) || endings.some((end) => at > end - AT_BACKEND_MS && at < end + ON_THE_WAY_MS);
  const avoidable = posts.filter(({ id, at }) => !isLost(id, at)).length;
  const whole = { ...common, figure: `${figure}; POST that was not at a killed backend: ${avoidable}` };
  if (name === 'nginx') return whole;
  return { ...whole, target: 'GET 0, POST only at a killed backend', met: gets + avoidable === 0 };
}

/** The class, as a host would set it up, over the platform's `fetch`. */
function library(ports: readonly number[]): Contender {
  const loadbalancer = new Loadbalancer(
    new FetchHTTPService(),
    ports.map((port) => `http://127.0.0.1:${port}`),
    { log() {} },
    {
      timeoutMs: 15_000,
      health: true,
      failover: true,
      queue: true,
      guards: [outlierEjection(), slowStart()],
    },
  );
  return {
    name: 'library',
    send: ({ id, method, path }) =>
      new Promise((resolve, reject) => {
        const payload = method === 'POST' ? 'payload' : '';
        void loadbalancer.onRequest(
          { id, method, path, payload, headers: { 'x-id': id } },
          { writeResponse: ({ status }) => resolve(status), writeHeader() {}, writeError: reject },
        );
      }),
    stop: () => loadbalancer.close(),
  };
}

/** The gateway with its defaults. */
async function gateway(ports: readonly number[]): Promise<Contender> {
  const process = new GatewayProcess({
    listeners: [{ port: 0, host: '127.0.0.1' }],
    pools: { backends: { backends: ports.map((port) => `http://127.0.0.1:${port}`) } },
    log: { level: 'silent' },
  });
  await process.listening();
  return overHttp('gateway', process.port, () => process.stop());
}

/** nginx with its defaults and persistent connections; `undefined` if it is not installed. */
async function nginx(ports: readonly number[], port: number): Promise<Contender | undefined> {
  const program = fileOf('nginx');
  if (program === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'evenkeel-restarts-'));
  const file = join(directory, 'nginx.conf');
  const config = proxyConfig({ port, tls: undefined, originPorts: ports });
  writeFileSync(file, nginxConfig(directory, config));
  const child = spawn(program, ['-c', file, '-p', directory], { stdio: 'ignore' });
  await sleep(BOOT_MS);
  return overHttp('nginx', port, async () => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
    rmSync(directory, { recursive: true, force: true });
  });
}

function overHttp(name: string, port: number, stop: () => Promise<void>): Contender {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  return {
    name,
    send: (sent) => sendTo({ agent, port, headers: { 'x-id': sent.id } }, sent),
    async stop() {
      agent.destroy();
      await stop();
    },
  };
}
