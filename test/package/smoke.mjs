// Packs the package from a copy of the checkout, unpacks it in an empty project, and uses it there as others would.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
/** tsup brings esbuild along. */
const { build } = createRequire(require.resolve('tsup'))('esbuild');
const tsc = require.resolve('typescript/bin/tsc');

const folder = await realpath(await mkdtemp(join(tmpdir(), 'evenkeel-smoke-')));
const copy = join(folder, 'copy');
const consumer = join(folder, 'consumer');
const installed = join(consumer, 'node_modules', 'evenkeel');

const USE = `
const answers = [];
const counts = {};
const httpService = {
  async sendRequest(url) {
    const { port } = new URL(url);
    counts[port] = (counts[port] ?? 0) + 1;
    return { status: 200, data: url };
  },
};
const pool = [{ IPAddr: '10.0.0.1', Port: 8081 }, { IPAddr: '10.0.0.1', Port: 8082 }];
const writer = { writeResponse: (answer) => answers.push(answer.data), writeHeader() {}, writeError: (error) => { throw error; } };
const loadbalancer = new Loadbalancer(httpService, pool, new LoggerService());
const done = Promise.all(['/a', '/b', '/c', '/d', '/a', '/a'].map((path) =>
  loadbalancer.onRequest({ id: path, path, method: 'GET', payload: '' }, writer)));
done.then(() => console.log(JSON.stringify({ answers, counts, inFlight: loadbalancer.balancer.stats().inFlight })));
`;

const TYPED = `
const httpService: HTTPService = { sendRequest: async (url) => ({ status: 200, data: url }) };
const pool: BackendPool = [{ IPAddr: '10.0.0.1', Port: 8080 }, 'http://10.0.0.2:8080', { host: '::1', port: 1, weight: 2 }];
const writer: ResponseWriter = { writeResponse: ({ data }) => void data.length, writeHeader() {}, writeError() {} };
const loadbalancer: ILoadBalancer = new Loadbalancer(httpService, pool, new LoggerService(), { strategy: 'maglev' });
export const done: Promise<void> = loadbalancer.onRequest({ id: '1', path: '/', method: 'GET', payload: '' }, writer);
export const lease: Lease | undefined = new Balancer(pool).acquire('key');
export const disposable: { [Symbol.dispose](): void } | undefined = lease;
export const size: number = new Balancer(pool).backends.length;
// @ts-expect-error: types are checked, not any
new Loadbalancer(httpService, [{ IPAddr: 1, Port: '80' }], new LoggerService());
`;
const TYPED_NAMES = `{
  type BackendPool, Balancer, type HTTPService, type ILoadBalancer, type Lease, Loadbalancer, LoggerService,
  type ResponseWriter,
}`;
/** TypeScript compiles this to `import` or to `require`, as the name of the file says. */
const CONSUMER = `import ${TYPED_NAMES} from 'evenkeel';\n${TYPED}`;

/** The types of keys fit those of jose, both ways. */
const WITH_JOSE = `
import { createRemoteJWKSet, type JSONWebKeySet, type JWK, type JWTVerifyGetKey } from 'jose';
import { type Jwk, type JwkSet, type JwtKeyFinder, jwtSessions } from 'evenkeel/sessions';
const key = createRemoteJWKSet(new URL('https://id.example.org/jwks.json'));
export const sessions = jwtSessions({ key, algorithms: ['RS256'] });
export const toJose = (one: Jwk, set: JwkSet, find: JwtKeyFinder): [JWK, JSONWebKeySet, JWTVerifyGetKey] => [one, set, find];
export const fromJose = (one: JWK, set: JSONWebKeySet, find: JWTVerifyGetKey): [Jwk, JwkSet, JwtKeyFinder] => [one, set, find];
// @ts-expect-error: types are checked, not any
jwtSessions({ key: { kty: 1 }, algorithms: ['RS256'] });
`;

let passed = 0;
let failed = 0;

/** Resolves to whether the test passed. */
async function check(name, test) {
  try {
    await test();
    passed++;
    console.log(`ok    ${name}`);
    return true;
  } catch (error) {
    failed++;
    console.error(`FAIL  ${name}\n${[error.message, error.stdout, error.stderr].filter(Boolean).join('\n')}`);
    return false;
  }
}

async function filesBelow(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return paths.map((path) => relative(directory, path)).sort();
}

/** Packs a copy, so that neither the build nor the archive touches the checkout. */
async function packAndUnpack() {
  const left = new Set(['node_modules', '.git', 'dist', 'coverage']);
  await cp(root, copy, {
    recursive: true,
    filter: (path) => dirname(path) !== root.replace(/[\\/]$/, '') || !left.has(basename(path)),
  });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  await run('npm', ['pack', '--pack-destination', folder], { cwd: copy });
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  await mkdir(consumer);
  await writeFile(join(consumer, 'package.json'), '{ "name": "consumer", "private": true }');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, archive), '-C', installed, '--strip-components=1']);
  // The package's own dependencies stay away at first: its main entry must work without them.
}

/** From here on the package has what npm would install with it, and the frameworks that it extends. */
async function installDependencies() {
  const { dependencies, peerDependencies } = JSON.parse(await readFile(join(installed, 'package.json')));
  for (const name of Object.keys({ ...dependencies, ...peerDependencies }))
    await symlink(join(root, 'node_modules', name), join(consumer, 'node_modules', name), 'dir');
}

/** A program that looks at the types of every entry of the package. */
async function importsOfAllEntries() {
  const { exports } = JSON.parse(await readFile(join(installed, 'package.json')));
  const entries = Object.keys(exports).filter((path) => !path.endsWith('.json'));
  const imports = entries.map((path, i) => `import * as entry${i} from 'evenkeel${path.slice(1)}';`);
  return `${imports.join('\n')}\nexport const entries: object[] = [${entries.map((_, i) => `entry${i}`)}];\n`;
}

async function outputOf(file, source) {
  await writeFile(join(consumer, file), source);
  const { stdout } = await run(process.execPath, [file], { cwd: consumer });
  return JSON.parse(stdout);
}

function expectGoodUse({ answers, counts, inFlight }) {
  assert.equal(answers.length, 6);
  assert.equal(new Set(answers).size, 4, 'equal paths go to one backend');
  assert.equal(counts['8081'] + counts['8082'], 6);
  assert.equal(
    new Set(answers.filter((url) => url.startsWith('http://10.0.0.1:8081'))).size,
    2,
    'two keys for each',
  );
  assert.equal(inFlight, 0);
}

async function bundle(source) {
  const result = await build({
    stdin: { contents: source, resolveDir: consumer },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  return result.outputFiles[0].text;
}

async function compile(name, file, source, options) {
  const directory = join(consumer, name);
  await mkdir(directory);
  await writeFile(join(directory, file), source);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    ...options,
  };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
  await run(process.execPath, [tsc, '-p', directory]);
}

const onTheWeb = { target: 'ES2022', lib: ['ES2022', 'DOM'], types: [] };
const onNode = {
  target: 'ES2022',
  lib: ['ES2022'],
  types: ['node'],
  typeRoots: [join(root, 'node_modules', '@types')],
};

async function checkPackage() {
  await check(
    'the package has dist, docs, the schema, README.md, CHANGELOG.md, LICENSE and package.json, and nothing else',
    async () => {
      const files = await filesBelow(installed);
      const outside = files.filter((path) => !/^(dist|docs)[\\/]/.test(path));
      const schema = join('schema', 'gateway.schema.json');
      assert.deepEqual(outside, ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', schema]);
      const built = files.filter((path) => /^dist[\\/]/.test(path)).map((path) => basename(path));
      for (const name of ['index.js', 'index.cjs', 'index.d.ts', 'index.d.cts'])
        assert.ok(built.includes(name), name);
      for (const name of built) assert.match(name, /\.(c?js|d\.c?ts)(\.map)?$/);
      for (const name of built) assert.doesNotMatch(name, /test/);
    },
  );
  await check('the package works as an ES module, without its dependencies', async () => {
    expectGoodUse(
      await outputOf('use.mjs', `import { Loadbalancer, LoggerService } from 'evenkeel';\n${USE}`),
    );
  });
  await check('the package works with require, without its dependencies', async () => {
    expectGoodUse(
      await outputOf('use.cjs', `const { Loadbalancer, LoggerService } = require('evenkeel');\n${USE}`),
    );
  });
  await check('import and require give the same names', async () => {
    const names = await outputOf(
      'names.mjs',
      `import { createRequire } from 'node:module';
      const cjs = createRequire(import.meta.url)('evenkeel');
      const esm = await import('evenkeel');
      console.log(JSON.stringify([Object.keys(cjs).sort(), Object.keys(esm).sort()]));`,
    );
    assert.deepEqual(names[0], names[1]);
    assert.ok(names[0].includes('Loadbalancer'));
  });
  await check('nothing but the public API can be reached', async () => {
    const code = `import('evenkeel/dist/index.js').catch(({ code }) => console.log(JSON.stringify(code)));`;
    assert.equal(await outputOf('deep.mjs', code), 'ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
  await check('a bundle of byHeader alone is small and leaves the Balancer out', async () => {
    const mark = /backendPool/;
    const all = await bundle(`import { Balancer } from 'evenkeel'; console.log(new Balancer([]));`);
    assert.match(all, mark, 'the mark of the Balancer must show where it is in');
    const one = await bundle(`import { byHeader } from 'evenkeel'; console.log(byHeader('a'));`);
    assert.doesNotMatch(one, mark);
    assert.ok(one.length < 4_000, `${one.length} bytes`);
    const none = await bundle(`import 'evenkeel';`);
    assert.equal(none.trim(), '', 'an import without names leaves nothing');
  });
  await check('the bundle needs nothing of Node', async () => {
    await bundle(`export * from 'evenkeel';`);
  });
  const node16 = { module: 'node16', moduleResolution: 'node16' };
  const bundler = { module: 'ESNext', moduleResolution: 'bundler' };
  await check('types hold for ES modules under node16', () =>
    compile('esm', 'use.mts', CONSUMER, { ...onNode, ...node16 }),
  );
  await check('types hold for CommonJS under node16', () =>
    compile('cjs', 'use.cts', CONSUMER, { ...onNode, ...node16 }),
  );
  await check('types hold under bundler', () =>
    compile('bundler', 'use.ts', CONSUMER, { ...onNode, ...bundler }),
  );
  await check('types hold in a browser project', () =>
    compile('browser', 'use.ts', CONSUMER, { ...onTheWeb, ...bundler }),
  );
  await installDependencies();
  const entries = await importsOfAllEntries();
  await check('types of every entry hold for ES modules under node16', () =>
    compile('esm-entries', 'use.mts', entries, { ...onNode, ...node16 }),
  );
  await check('types of every entry hold for CommonJS under node16', () =>
    compile('cjs-entries', 'use.cts', entries, { ...onNode, ...node16 }),
  );
  await check('types of keys fit those of jose', () =>
    compile('jose', 'use.mts', WITH_JOSE, { ...onNode, ...node16 }),
  );
}

try {
  if (await check('the package packs', packAndUnpack)) await checkPackage();
} finally {
  await rm(folder, { recursive: true, force: true });
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
