import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { anUpstream, atTheEnd, endAll } from '../integration/gateway/lab.ts';

afterEach(endAll);

function ask(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http.get({ socketPath, path: '/x' }, (response) => resolve(text(response))).on('error', reject);
  });
}

describe('a listener at a unix socket', () => {
  it('serves there, also where a process has left its socket behind, and leaves none itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
    atTheEnd(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'gateway.sock');
    // A process that is killed does not remove its socket.
    const script =
      'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
    spawnSync(process.execPath, ['-e', script, path]);
    expect(existsSync(path)).toBe(true);
    const upstream = await anUpstream();
    const config = {
      listeners: [{ host: `unix:${path}`, mode: '0660' }],
      pools: { shop: { backends: [upstream.url], health: false } },
    };
    const gateway = createGateway(config);
    expect(await gateway.listen()).toEqual([{ host: `unix:${path}`, port: 0, protocol: 'http' }]);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await gateway.reload({ ...config, listeners: [{ host: `unix:${path}`, mode: '600' }] });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await ask(path);
    expect(upstream.requests()).toHaveLength(1);
    const second = createGateway(config);
    await expect(second.listen()).rejects.toThrow(`cannot listen on unix:${path}: the address is in use`);
    await gateway.close(0);
    expect(existsSync(path)).toBe(false);
  });
});
