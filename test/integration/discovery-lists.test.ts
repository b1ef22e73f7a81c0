// Lists of backends that others keep: in a file, and on an HTTP server.
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { file } from '../../src/discovery/sources/file.ts';
import { http } from '../../src/discovery/sources/http.ts';
import { fastEnv } from '../discovery/fast-env.ts';
import { closeWatches, watched } from '../discovery/watched.ts';

const env = fastEnv(50);
const ends: (() => unknown)[] = [];
afterEach(() => {
  closeWatches();
  for (const end of ends.splice(0).reverse()) end();
});

describe('a file', () => {
  function aFile(text: string) {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-file-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'backends.json');
    writeFileSync(path, text);
    return path;
  }

  it('is a list, or has one, and counts again when it changes', async () => {
    const path = aFile('["http://a", { "url": "http://b:80", "weight": 2, "id": "b", "zone": null }]');
    const { until, backends, lines } = watched(file({ path, env }), { env });
    await until('b', 'http://a');
    expect(backends()[1]).toEqual({ id: 'b', url: 'http://b:80', weight: 2 });
    writeFileSync(`${path}.new`, '{ "backends": ["http://a", "http://c", "http://d"] }');
    renameSync(`${path}.new`, path);
    await until('http://a', 'http://c', 'http://d');
    expect(lines).toEqual([]);
  });

  it('that is broken, half written or gone keeps the set; one line each', async () => {
    const path = aFile('["http://a", "http://b"]');
    const { until, state, lines, ids } = watched(file({ path, env }), { env });
    await until('http://a', 'http://b');
    writeFileSync(path, '["http://a", "ht');
    await state('failing');
    writeFileSync(path, '{ "a": 1 }');
    await expect.poll(() => lines.at(-1)).toContain('must be a list');
    rmSync(path);
    await expect.poll(() => lines.at(-1)).toContain('ENOENT');
    expect(ids()).toEqual(['http://a', 'http://b']);
    writeFileSync(path, '["http://a", "http://b", "http://c"]');
    await until('http://a', 'http://b', 'http://c');
    expect(lines.length).toBeLessThanOrEqual(5);
  });

  it('may have another format', async () => {
    const path = aFile('http://a http://b');
    await watched(file({ path, env, parse: (text) => text.split(' ') }), { env }).until(
      'http://a',
      'http://b',
    );
  });
});

describe('an HTTP server', () => {
  async function aServer(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/backends`;
  }

  it('is asked again and again, with the tag of its last list', async () => {
    let list = ['http://a', 'http://b'];
    const seen: (string | undefined)[] = [];
    const url = await aServer((request, response) => {
      seen.push(request.headers['if-none-match']);
      const tag = `"${list.length}"`;
      response.setHeader('etag', tag);
      if (request.headers['if-none-match'] === tag) response.writeHead(304).end();
      else response.end(JSON.stringify(list));
    });
    const { until, watch, lines } = watched(http({ url, env }), { env });
    await until('http://a', 'http://b');
    await expect.poll(() => watch.stats().snapshots).toBeGreaterThan(2);
    expect(seen.slice(0, 3)).toEqual([undefined, '"2"', '"2"']);
    list = [...list, 'http://c'];
    await until('http://a', 'http://b', 'http://c');
    expect(lines).toEqual([]);
  });

  it('that fails, hangs, or breaks off in the middle keeps the set', async () => {
    let answer = (response: ServerResponse): void => void response.end('["http://a", "http://b"]');
    const url = await aServer((_, response) => answer(response));
    const { until, state, lines, ids } = watched(http({ url, timeoutMs: 300, env }), { env });
    await until('http://a', 'http://b');
    answer = (response) => void response.writeHead(503).end();
    await state('failing');
    answer = (response) => {
      response.write('["http://a",');
      setTimeout(() => response.destroy(), 20);
    };
    await expect.poll(() => lines.length).toBe(2);
    answer = () => {};
    await expect.poll(() => lines.at(-1), { timeout: 5_000 }).toContain('timeout');
    answer = (response) => void response.end('[]');
    await state('holding');
    expect(ids()).toEqual(['http://a', 'http://b']);
    expect(lines[0]).toBe(`http ${new URL(url).host}: status 503`);
  });

  it('may have an endless list', async () => {
    const url = await aServer((_, response) => {
      const chunk = 'x'.repeat(2 ** 20);
      const more = () => {
        while (response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    const { lines } = watched(http({ url, env }), { env });
    await expect
      .poll(() => lines[0], { timeout: 10_000 })
      .toContain('the list must be at most 16777216 bytes');
  });
});

it.each<[() => unknown, string]>([
  [() => file({} as never), 'file.path must be a string with at least one character, got undefined'],
  [() => http({} as never), 'http.url must be an http or https URL, got undefined'],
  [() => http({ url: 'http://a', headers: 7 as never }), 'http.headers must be an object, got 7'],
])('refuses a mistake', (make, message) => {
  expect(make).toThrow(message);
});
