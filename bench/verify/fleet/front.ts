// Gateways in processes of their own, as `evenkeel serve` starts them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { GatewayStats } from 'evenkeel-gateway';
import { request } from 'undici';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export type Front = Awaited<ReturnType<typeof serve>>;

/** `evenkeel serve` in a process of its own. */
export async function serve(config: object) {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fleet-'));
  const path = join(folder, 'gateway.json');
  writeFileSync(path, JSON.stringify(config));
  const args = ['--import', 'tsx', 'gateway/src/cli/main.ts', 'serve', '-c', path, '--no-access-log'];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const [url, admin] = await addresses(child);
  return {
    url,
    async stats(): Promise<GatewayStats> {
      const { body } = await request(`${admin}/stats`);
      return (await body.json()) as GatewayStats;
    },
    async stop() {
      process.off('exit', end);
      if (child.exitCode === null) {
        const ended = once(child, 'exit');
        end();
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of its listener and its admin listener, as its log tells them. */
async function addresses(child: ChildProcess): Promise<[string, string]> {
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < 100_000) said += text;
  });
  const urlAfter = (words: string) => {
    const lines = said.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    const logged = lines.map((line) => JSON.parse(line) as { url?: string; msg: string });
    return logged.find(({ msg }) => msg.startsWith(words))?.url;
  };
  for (let waited = 0; waited < 30_000 && child.exitCode === null; waited += 25) {
    const [url, admin] = [urlAfter('listening on'), urlAfter('operators come in')];
    if (url !== undefined && admin !== undefined) return [url, admin];
    await sleep(25);
  }
  throw new Error(`a gateway does not listen: ${said}`);
}

/** A gateway with one pool. */
export const configOf = (backends: readonly string[], pool: object = {}, more: object = {}) => ({
  listeners: [{ host: '127.0.0.1', port: 0 }],
  admin: { port: 0 },
  pools: { shop: { backends, health: false, ...pool } },
  ...more,
});
