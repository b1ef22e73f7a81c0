// What the smallest gateway loads until it serves: each package costs memory and time at every start.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { GatewayCommand, origin } from './gateway-command.ts';

/** Packages that few gateways need, as optional ones do. */
const PACKAGES = [
  'zod',
  'yaml',
  'jose',
  'prom-client',
  'pino-pretty',
  'rate-limiter-flexible',
  'ioredis',
  'undici',
  'express',
  'fastify',
];
/** Our own code, as far as it is large or draws others in. */
const OWN = [
  'gateway/src/admin/',
  'gateway/src/config/schema.ts',
  'gateway/src/workers/cluster-gateway.ts',
  'gateway/src/report/',
  'gateway/src/cli/simulation/',
  'gateway/src/cli/import/',
  'src/simulator/',
];

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

it('a gateway of options alone loads neither the schema nor what others need', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'evenkeel-loaded-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const backend = await origin((_request, response) => void response.end('well'));
  const command = new GatewayCommand(
    ['serve', '--host', '127.0.0.1', '--port', '0', '--backend', backend],
    // Node writes down what it has run.
    { variables: { NODE_V8_COVERAGE: directory } },
  );
  const url = await command.listening();
  const response = await fetch(url, { headers: { connection: 'close' } });
  expect(await response.text()).toBe('well');
  command.signal('SIGTERM');
  expect(await command.ended).toEqual({ code: 0, signal: null });
  const loaded = readdirSync(directory)
    .map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as Coverage)
    .flatMap(({ result }) => result.map((script) => script.url));
  const has = (part: string) => loaded.some((script) => script.includes(part));
  expect([has('/node_modules/pino/'), has('/gateway/src/reverse-proxy.ts')]).toEqual([true, true]);
  expect(PACKAGES.filter((name) => has(`/node_modules/${name}/`))).toEqual([]);
  expect(OWN.filter((path) => has(`/${path}`))).toEqual([]);
});
