// The gateway's package beside the library's: one engine, the command line, and every subpath in both
// formats.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as listener } from 'node:net';
import { extname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { A_REDIS, TWO_TOKENS, TWO_TOKENS_VERIFIED } from './programs.mjs';
import { check } from './report.mjs';
import { bytesOf, filesBelow, npm, outputOf, project, readJson, run } from './workplace.mjs';

/** @returns the project in which both packages are, with what npm installs along */
export async function checkGateway(library, gateway) {
  const both = await project('both', { 'package.json': '{ "name": "both", "private": true }' });
  const installed = join(both, 'node_modules', 'evenkeel-gateway');
  const isInstalled = await check('the gateway installs beside the library', async () => {
    // With the peers of the subpaths that the gateway does not use.
    await npm(['install', library, gateway, 'rate-limiter-flexible@11', 'undici@7'], both);
    const { packages } = await readJson(join(both, 'node_modules', '.package-lock.json'));
    const engines = Object.keys(packages).filter((path) => path.endsWith('node_modules/evenkeel'));
    assert.deepEqual(engines, ['node_modules/evenkeel'], 'one library');
    return `${Object.keys(packages).length} packages, archive ${Math.round((await bytesOf([gateway])) / 1_000)} KB`;
  });
  if (!isInstalled) return undefined;
  await checkContents(installed);
  await checkEngines(both);
  await checkCommands(both);
  return both;
}

async function checkContents(installed) {
  await check(
    'the gateway has dist, docs, its schemas, README.md, LICENSE and package.json alone',
    async () => {
      const files = await filesBelow(installed);
      const outside = files.filter((path) => !/^(dist|docs)[\\/]/.test(path));
      assert.deepEqual(outside, [
        'LICENSE',
        'README.md',
        'package.json',
        join('schema', 'gateway.schema.json'),
        join('schema', 'scenario.schema.json'),
      ]);
      const page = await readFile(join(installed, 'docs', 'configuration.md'), 'utf8');
      for (const [, path] of page.matchAll(/node_modules\/evenkeel-gateway\/([\w./-]+\.json)/g))
        assert.ok(files.includes(path), path);
      assert.match(page, /node_modules\/evenkeel-gateway\/schema\/gateway\.schema\.json/);
    },
  );
  await check('the engine is in the library alone, and the command line imports the gateway', async () => {
    const files = (await filesBelow(installed)).filter((path) => /^dist[\\/].*\.c?js$/.test(path));
    const texts = await Promise.all(files.map((path) => readFile(join(installed, path), 'utf8')));
    for (const [i, text] of texts.entries()) {
      assert.doesNotMatch(text, /^\/\/# sourceMappingURL/m, files[i]);
      assert.doesNotMatch(text, /#membership/, files[i]);
    }
    const defining = files.filter((_, i) => texts[i].includes('function createGateway('));
    assert.deepEqual(defining.map((path) => extname(path)).sort(), ['.cjs', '.js'], `${defining}`);
  });
}

async function checkEngines(both) {
  await check(
    'one engine serves a process: every subpath and the gateway have the very same classes',
    async () => {
      // A balancer of the main entry is taken by each shell as it is, errors included.
      const body = `
      const balancer = new evenkeel.Balancer(['http://127.0.0.1:1'], { key: evenkeel.byPath });
      const call = fetch.balancedFetch(balancer);
      const proxy = gateway.createProxy({ backends: ['http://127.0.0.1:1'], health: false });
      const dispatcher = new undici.BalancedDispatcher(balancer);
      const taken = new evenkeel.Balancer([]);
      taken.takeOver(call.balancer);
      taken.takeOver(dispatcher.balancer);
      const empty = await fetch.balancedFetch([])('/').catch((error) => error);
      const out = [
        call.balancer === balancer, dispatcher.balancer === balancer,
        Object.getPrototypeOf(empty) === evenkeel.NoBackendError.prototype,
        typeof internal, typeof express.proxyMiddleware(proxy), typeof fastify.fastifyProxy,
        typeof diagnostics, typeof report.loadReport(),
        (await limits.redisRateLimiter({ points: 1, durationMs: 1000, client: aRedis() }).take('k')).allowed,
        await twoTokens(),
      ];
      proxy.close();
      await dispatcher.close();
      console.log(JSON.stringify(out));`;
      const expected = [
        true,
        true,
        true,
        'object',
        'function',
        'function',
        'object',
        'function',
        true,
        TWO_TOKENS_VERIFIED,
      ];
      const names = {
        evenkeel: 'evenkeel',
        fetch: 'evenkeel/fetch',
        undici: 'evenkeel/undici',
        internal: 'evenkeel/internal',
        diagnostics: 'evenkeel/diagnostics',
        report: 'evenkeel/load-report',
        limits: 'evenkeel/rate-limit',
        sessions: 'evenkeel/sessions',
        gateway: 'evenkeel-gateway',
        express: 'evenkeel-gateway/express',
        fastify: 'evenkeel-gateway/fastify',
      };
      const imports = Object.entries(names).map(([name, from]) => `import * as ${name} from '${from}';`);
      const requires = Object.entries(names).map(([name, from]) => `const ${name} = require('${from}');`);
      const tokens = `const { jwtSessions } = sessions;\n${TWO_TOKENS}${A_REDIS}`;
      const esm = `import * as crypto from 'node:crypto';\n${imports.join('\n')}\n${tokens}\n${body}`;
      const cjs = `const crypto = require('node:crypto');\n${requires.join('\n')}\n${tokens}\n(async () => {${body}})();`;
      assert.deepEqual(await outputOf(both, 'engine.mjs', esm), expected);
      assert.deepEqual(await outputOf(both, 'engine.cjs', cjs), expected);
    },
  );
  await check('import and require give the same names, of every subpath', async () => {
    const code = `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      const names = {};
      for (const name of ['evenkeel', 'evenkeel-gateway']) {
        const { exports } = require(name + '/package.json');
        for (const path of Object.keys(exports)) {
          if (path.endsWith('.json')) continue;
          const subpath = name + path.slice(1);
          const read = (module) => Object.keys(module).filter((key) => key !== 'default').sort();
          try { names[subpath] = [read(await import(subpath)), read(require(subpath))]; }
          catch (error) { names[subpath] = error.code; }
        }
      }
      console.log(JSON.stringify(names));`;
    const names = await outputOf(both, 'names.mjs', code);
    assert.ok(names.evenkeel[0].includes('Loadbalancer'));
    for (const [subpath, both] of Object.entries(names)) {
      if (/^evenkeel\/(gateway|express|fastify|backend)$/.test(subpath))
        assert.equal(both, 'ERR_LB_MOVED', subpath);
      else assert.deepEqual(both[0], both[1], subpath);
    }
    return `${Object.keys(names).length} subpaths, ${names.evenkeel[0].length} names in the main entry`;
  });
}

async function checkCommands(both) {
  const { version } = await readJson(join(both, 'node_modules', 'evenkeel-gateway', 'package.json'));
  for (const name of ['evenkeel', 'evenkeel-gateway']) {
    const command = join(both, 'node_modules', '.bin', name);
    await check(`${name} --version, and serve with one backend answers a request`, async () => {
      const { stdout } = await run(command, ['--version']);
      assert.equal(stdout.trim(), version);
      await served(command);
    });
  }
}

/** Has the command serve one backend, and asks it. */
async function served(command) {
  const backend = createServer((request, response) => response.end(`asked for ${request.url}`)).listen(
    0,
    '127.0.0.1',
  );
  await once(backend, 'listening');
  const port = await freePort();
  const args = [
    'serve',
    '--backend',
    `http://127.0.0.1:${backend.address().port}`,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
  ];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
  try {
    const answer = await Promise.race([
      asked(`http://127.0.0.1:${port}/products/7`),
      ended.then(() => assert.fail(`it ended: ${printed}`)),
    ]);
    assert.equal(answer, '200 asked for /products/7');
  } finally {
    child.kill();
    await ended;
    backend.close();
  }
}

async function asked(url) {
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response !== undefined) return `${response.status} ${await response.text()}`;
    await wait(50);
  }
}

/** Below those that the system gives away, so that no other program gets it meanwhile. */
async function freePort() {
  for (;;) {
    const port = 22_000 + Math.floor(Math.random() * 10_000);
    const server = listener().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
