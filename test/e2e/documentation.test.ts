import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const FILES = [
  'README.md',
  'docs/architecture.md',
  'docs/resilience.md',
  'docs/adapters.md',
  'docs/discovery.md',
  'docs/fleet.md',
  'docs/simulator.md',
  'gateway/README.md',
  'gateway/docs/adapters.md',
  'gateway/docs/gateway.md',
];

/** The TypeScript examples of a page. */
function examplesOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] as string);
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
    for (const file of FILES) {
      const examples = examplesOf(file);
      expect(examples.length, file).toBeGreaterThan(0);
      for (const [i, example] of examples.entries()) {
        writeFileSync(join(folder, `${file.replaceAll(/\W/g, '-')}-${i}.ts`), `${example}\nexport {};\n`);
      }
    }
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
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
    const local = first
      .replace("{ IPAddr: '10.0.0.1', Port: 8080 }", `{ IPAddr: '127.0.0.1', Port: ${one} }`)
      .replace("'evenkeel'", JSON.stringify(join(root, 'src/index.ts')))
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
    const played = example
      .replace(/^import \{ setTimeout .*\n/m, '')
      .replace("'evenkeel'", JSON.stringify(join(root, 'src/index.ts')))
      .replace("'evenkeel/sessions'", JSON.stringify(join(root, 'src/sessions/index.ts')))
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
    writeFileSync(file, example.replace("'evenkeel'", JSON.stringify(join(root, 'src/index.ts'))));
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
