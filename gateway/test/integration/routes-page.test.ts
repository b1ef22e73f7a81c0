import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../test/servers/server-process.ts';
import { loadConfigFile } from '../../src/config/config-file.ts';
import type { GatewayConfigInput } from '../../src/config/schema.ts';
import { createGateway } from '../../src/gateway.ts';

const run = promisify(execFile);
const page = readFileSync(new URL('../../docs/gateway.md', import.meta.url), 'utf8');
const [, section = ''] = /^## Routes that people ask for\n(.*?)^## /ms.exec(page) ?? [];
const [intro = '', ...examples] = section.split(/^### /m);

function blockOf(text: string, language: string): string {
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(text)?.[1] ?? '';
}

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-routes-'));
const children: ChildProcess[] = [];
/** A free port for each one of the page. */
const ports = new Map<string, number>();

const here = (text: string) => text.replace(/\b(?:300[12]|808[01])\b/g, (port) => String(ports.get(port)));
const onThePage = (text: string) =>
  [...ports].reduce((all, [port, free]) => all.replaceAll(`:${free}`, `:${port}`), text).replaceAll('\r', '');

beforeAll(async () => {
  for (const port of ['3001', '3002', '8080', '8081']) ports.set(port, await freePort());
  writeFileSync(join(folder, 'echo.mjs'), blockOf(intro, 'js'));
  const commands = [...blockOf(intro, 'sh').matchAll(/^node (.*) &$/gm)].map(([, words = '']) =>
    words.split(' '),
  );
  for (const words of commands)
    children.push(spawn(process.execPath, words.map(here), { cwd: folder, stdio: 'inherit' }));
  expect(commands).toHaveLength(2);
  for (const port of ['3001', '3002']) await answering(ports.get(port) as number);
});

afterAll(() => {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true });
});

async function answering(port: number): Promise<void> {
  const connects = () =>
    new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  while (!(await connects())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('the page on the gateway', () => {
  it('has an example for each kind of route', () => expect(examples.length).toBeGreaterThan(6));

  it.each(examples.map((example) => [example.split('\n', 1)[0] as string, example]))(
    '%s',
    async (_, example) => {
      const file = join(folder, 'gateway.yaml');
      writeFileSync(file, here(blockOf(intro, 'yaml') + blockOf(example, 'yaml')));
      const gateway = createGateway(loadConfigFile(file).input as GatewayConfigInput);
      await gateway.listen();
      try {
        const { stdout } = await run('sh', [
          '-c',
          here(blockOf(example, 'sh')).replaceAll('curl ', 'curl -sS '),
        ]);
        expect(onThePage(stdout)).toBe(blockOf(example, 'text'));
      } finally {
        await gateway.close(0);
      }
    },
  );
});
