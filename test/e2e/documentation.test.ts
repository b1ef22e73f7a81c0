import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['.', 'docs', 'gateway', 'gateway/docs'];

/** The TypeScript examples of a page. */
function examplesOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] as string);
}

/** The pages that have some. */
const FILES = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const file = posix.join(folder, name);
    return name.endsWith('.md') && examplesOf(file).length > 0 ? [file] : [];
  }),
);
const fileOf = (page: string, i: number) => `${page.replaceAll(/\W/g, '-')}-${i}.ts`;

/** What tsconfig.json says of names: the sources behind them. */
const { paths } = (
  ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config as {
    compilerOptions: { paths: Record<string, [string]> };
  }
).compilerOptions;

/** An example that imports the sources. */
function onSources(example: string): string {
  return example.replaceAll(/ from '(evenkeel[\w/-]*)'/g, (whole, name: string) =>
    paths[name] === undefined ? whole : ` from ${JSON.stringify(join(root, paths[name][0]))}`,
  );
}

// Inside the checkout, so that the examples find its packages.
const folder = mkdtempSync(join(root, 'node_modules', '.examples-'));
const servers: Server[] = [];

afterAll(() => {
  rmSync(folder, { recursive: true });
  for (const server of servers) server.close();
});

beforeAll(() => {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['*.ts'] }),
  );
});

describe('the examples of the documentation', () => {
  it('compile', { timeout: 120_000 }, async () => {
    expect(FILES.length).toBeGreaterThan(10);
    for (const file of FILES) {
      for (const [i, example] of examplesOf(file).entries())
        writeFileSync(join(folder, fileOf(file, i)), `${example}\nexport {};\n`);
    }
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });

  it('run, where they need no server, name server or minute', { timeout: 60_000 }, async () => {
    const ELSEWHERE = /'(express|fastify|ioredis|undici|evenkeel-gateway.*|.*\/(dns|kubernetes))'|60_000\)/;
    const played = FILES.flatMap((file) =>
      examplesOf(file).flatMap((example, i) => {
        if (ELSEWHERE.test(example)) return [];
        const name = `played-${fileOf(file, i)}`;
        writeFileSync(join(folder, name), `${onSources(example)}\nexport {};\n`);
        return [name];
      }),
    );
    expect(played.length).toBeGreaterThan(20);
    // In one process, as each takes half a second to begin; nothing leaves the machine.
    const main = `globalThis.fetch = async () => new Response('[]');
      for (const name of ${JSON.stringify(played)})
        await import('./' + name).catch((error) => console.error(name + ': ' + error));
      process.exit(0);`;
    writeFileSync(join(folder, 'play.ts'), main);
    const { stderr } = await run(process.execPath, ['--import', 'tsx', join(folder, 'play.ts')], {
      cwd: root,
    });
    expect(stderr).toBe('');
  });

  it('begin with one of about fifteen lines that runs', { timeout: 60_000 }, async () => {
    for (let i = 0; i < 2; i++) {
      const server = createServer((request, response) => response.end(`you asked for ${request.url}`));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      servers.push(server);
    }
    const [one, two] = servers.map((server) => (server.address() as AddressInfo).port);
    const [first = ''] = examplesOf('README.md');
    expect(first.trim().split('\n').length).toBeLessThanOrEqual(18);
    const local = onSources(first)
      .replace("{ IPAddr: '10.0.0.1', Port: 8080 }", `{ IPAddr: '127.0.0.1', Port: ${one} }`)
      .replace('http://10.0.0.2:8080', `http://127.0.0.1:${two}`);
    expect(local).not.toContain('10.0.0.');
    const file = join(folder, 'first.ts');
    writeFileSync(file, local);
    const { stdout } = await run(process.execPath, ['--import', 'tsx', file], { cwd: root });
    expect(stdout).toContain('200 you asked for /products/7');
    expect(stdout).toContain("verdict: 'picked'");
  });

  it('scale in without losing a session', { timeout: 60_000 }, async () => {
    const example = examplesOf('docs/resilience.md').find((text) => text.includes('cookieSessions')) ?? '';
    const told = (when: string) => `console.log('${when}', await who(cookie));\n`;
    const played = onSources(example)
      .replace(/^import \{ setTimeout .*\n/m, '')
      .replace('new FetchHTTPService()', '{ sendRequest: async (url) => ({ status: 200, data: url }) }')
      .replace('new LoggerService()', '{ log() {} }')
      .replace(
        /^balancer\.add/m,
        `while ((await who()) !== 'http://10.0.0.1:8080');\nconst cookie = given;\n$&`,
      )
      .replace(/^await setTimeout\(60_000\);\n/m, told('a minute later'))
      .replace(/^balancer\.remove.*\n/m, `$&${told('after that')}`);
    const who = `
      let given = '';
      async function who(cookie?: string): Promise<string> {
        let backend = '';
        const request = { id: '1', path: '/', method: 'GET', payload: '', headers: { cookie } };
        await loadbalancer.onRequest(request, {
          writeHeader: (name, value) => { if (name === 'Set-Cookie') given = value.split(';')[0] ?? ''; },
          writeResponse: ({ data }) => { backend = new URL(data).origin; },
          writeError: (error) => { throw error; },
        });
        return backend;
      }`;
    const file = join(folder, 'scaling.ts');
    writeFileSync(file, played.replace('const { balancer }', `${who}\n$&`));
    const { stdout } = await run(process.execPath, ['--import', 'tsx', file], { cwd: root });
    expect(stdout).toMatch(
      /^a minute later http:\/\/10\.0\.0\.1:8080\nafter that http:\/\/10\.0\.0\.[23]:8080\n$/,
    );
  });
});

describe('the page on the architecture', () => {
  const page = 'docs/architecture.md';

  it('names files and folders that exist', () => {
    const text = readFileSync(join(root, page), 'utf8');
    const paths = [...text.matchAll(/`((?:src|gateway|test)\/[\w./-]*)`/g)].map(([, path]) => path as string);
    expect(paths.length).toBeGreaterThan(30);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('has a guard that works as its comment says', { timeout: 60_000 }, async () => {
    const example = examplesOf(page).find((text) => text.includes('restAfterFailure')) ?? '';
    const file = join(folder, 'guard.ts');
    writeFileSync(file, onSources(example));
    const { stdout } = await run(process.execPath, ['--import', 'tsx', file], { cwd: root });
    const verdicts = stdout.match(/'[^']+'/g)?.sort();
    expect(verdicts).toEqual(["'picked'", "'rests after a failure'"]);
  });
});

describe('the changelog', () => {
  it('names the version of the package, or what is unreleased', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
    expect(changelog.includes(`## ${version}`) || changelog.includes('## Unreleased')).toBe(true);
  });
});
