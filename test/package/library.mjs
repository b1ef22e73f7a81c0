// The library's package: what is in it, that it installs alone, and that it works as an ES module and
// with require.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { A_REDIS, SIX_REQUESTS, TWO_TOKENS, TWO_TOKENS_VERIFIED } from './programs.mjs';
import { check } from './report.mjs';
import { bytesOf, filesBelow, npm, outputOf, project, readJson, require, root, run } from './workplace.mjs';

/** tsup brings esbuild along. */
const { build } = createRequire(require.resolve('tsup'))('esbuild');

const MOVED = {
  'evenkeel/gateway': 'evenkeel-gateway',
  'evenkeel/express': 'evenkeel-gateway/express',
  'evenkeel/fastify': 'evenkeel-gateway/fastify',
  'evenkeel/backend': 'evenkeel/load-report',
};

/** @param archive - the packed library. @returns the project in which it is alone */
export async function checkLibrary(archive) {
  const alone = await project('alone', { 'package.json': '{ "name": "alone", "private": true }' });
  const installed = join(alone, 'node_modules', 'evenkeel');
  await check(
    'the library installs as one package of under 3 MB from an archive of under 300 KB',
    async () => {
      await npm(['install', archive], alone);
      const { packages } = await readJson(join(alone, 'node_modules', '.package-lock.json'));
      assert.deepEqual(Object.keys(packages), ['node_modules/evenkeel']);
      const files = (await filesBelow(installed)).map((path) => join(installed, path));
      const [unpacked, packed] = [await bytesOf(files), await bytesOf([archive])];
      assert.ok(unpacked < 3e6, `${unpacked} bytes`);
      assert.ok(packed < 300e3, `${packed} bytes`);
      const { dependencies = {} } = await readJson(join(installed, 'package.json'));
      assert.deepEqual(dependencies, {});
      return `1 package, ${kilobytes(unpacked)} in ${files.length} files, archive ${kilobytes(packed)}`;
    },
  );
  await checkContents(installed);
  await checkFormats(alone);
  await checkPeers(alone);
  await checkMoved(alone);
  await checkBundles(alone);
  await checkReadme(archive);
  return alone;
}

async function checkContents(installed) {
  await check('the library has dist, docs, README.md, LICENSE and package.json alone', async () => {
    const files = await filesBelow(installed);
    const outside = files.filter((path) => !/^(dist|docs)[\\/]/.test(path));
    assert.deepEqual(outside, ['LICENSE', 'README.md', 'package.json']);
    // For contributors, who have the repository; and what the declarations say, too.
    assert.ok(!files.some((path) => /(architecture|api)\.md$/.test(path)));
    const built = files.filter((path) => /^dist[\\/]/.test(path)).map((path) => basename(path));
    for (const name of built) assert.match(name, /\.(js|d\.ts)$|^LICENSE-jose\.md$|^package\.json$/);
    for (const name of built) assert.doesNotMatch(name, /test/);
  });
  await check('no file of the library points at a source map', async () => {
    for (const path of await filesBelow(installed))
      assert.doesNotMatch(await readFile(join(installed, path), 'utf8'), /^\/\/# sourceMappingURL/m, path);
  });
}

async function checkFormats(alone) {
  await check('the library works as an ES module, alone', async () => {
    const code = `import { Loadbalancer, LoggerService } from 'evenkeel';\n${SIX_REQUESTS}`;
    expectGoodUse(await outputOf(alone, 'use.mjs', code));
  });
  await check('the library works with require, alone', async () => {
    const code = `const { Loadbalancer, LoggerService } = require('evenkeel');\n${SIX_REQUESTS}`;
    expectGoodUse(await outputOf(alone, 'use.cjs', code));
  });
  await check('nothing but the public API can be reached', async () => {
    const code = `import('evenkeel/dist/esm/index.js').catch(({ code }) => console.log(JSON.stringify(code)));`;
    assert.equal(await outputOf(alone, 'deep.mjs', code), 'ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
  await check('errors of either build are recognised by the other', async () => {
    const code = `
      import * as esm from 'evenkeel';
      import { createRequire } from 'node:module';
      const cjs = createRequire(import.meta.url)('evenkeel');
      const kinds = Object.keys(esm).filter((name) => name.endsWith('Error'));
      const known = (from, to) => kinds.every((kind) => {
        const error = new from[kind](1, 'a', 'b');
        return error instanceof to[kind] && error instanceof to.LoadbalancerError && !(new Error('x') instanceof to[kind]);
      });
      const mixed = new esm.NoBackendError() instanceof cjs.OverloadedError;
      let refused;
      try { new esm.Balancer([]).takeOver(new cjs.Balancer([])); } catch (error) { refused = error.message; }
      console.log(JSON.stringify([esm.NoBackendError === cjs.NoBackendError, known(esm, cjs), known(cjs, esm), mixed, refused]));`;
    assert.deepEqual(await outputOf(alone, 'errors.mjs', code), [
      false,
      true,
      true,
      false,
      'before must be a Balancer made by this copy of evenkeel, got Balancer',
    ]);
  });
}

/** What each subpath does while its peer is missing. */
async function checkPeers(alone) {
  const told = (subpath, peer) => ['ERR_LB_MISSING_PEER', `${subpath} needs ${peer}: npm install ${peer}`];
  const failure = '({ code, message }) => [code, message]';
  await check('a missing peer is an error that says what to install, as an ES module', async () => {
    const code = `
      const { cookieSessions, jwtSessions } = await import('evenkeel/sessions');
      const { memoryRateLimiter, redisRateLimiter } = await import('evenkeel/rate-limit');
      const caught = (call) => { try { call(); } catch (error) { return (${failure})(error); } };
      const secrets = ['s'.repeat(32)];
      const cookies = cookieSessions({ backends: () => [{ id: 'a' }], secrets });
      let header;
      cookies.written(undefined, 'a', (name, value) => { header = name; });
      console.log(JSON.stringify([
        header,
        caught(() => jwtSessions({ key: 's'.repeat(32), algorithms: ['HS256'] })),
        (await memoryRateLimiter({ points: 1, durationMs: 1000 }).take('k')).allowed,
        caught(() => redisRateLimiter({ points: 1, durationMs: 1000, client: { defineCommand() {} } })),
        await import('evenkeel/undici').catch(${failure}),
      ]));`;
    assert.deepEqual(await outputOf(alone, 'peers.mjs', code), [
      'Set-Cookie',
      told('evenkeel/sessions', 'jose'),
      true,
      told('evenkeel/rate-limit', 'rate-limiter-flexible'),
      told('evenkeel/undici', 'undici'),
    ]);
  });
  await check(
    'a missing peer is an error that says what to install, with require; tokens need none',
    async () => {
      const code = `
      const crypto = require('node:crypto');
      const { jwtSessions } = require('evenkeel/sessions');
      const { redisRateLimiter } = require('evenkeel/rate-limit');
      ${TWO_TOKENS}
      const caught = (call) => { try { call(); } catch (error) { return (${failure})(error); } };
      twoTokens().then((tokens) => console.log(JSON.stringify([
        tokens,
        caught(() => redisRateLimiter({ points: 1, durationMs: 1000, client: { defineCommand() {} } })),
        caught(() => require('evenkeel/undici')),
      ])));`;
      assert.deepEqual(await outputOf(alone, 'peers.cjs', code), [
        TWO_TOKENS_VERIFIED,
        told('evenkeel/rate-limit', 'rate-limiter-flexible'),
        told('evenkeel/undici', 'undici'),
      ]);
    },
  );
}

async function checkMoved(alone) {
  await check('subpaths that have moved say where to', async () => {
    const code = `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      const told = {};
      for (const name of ${JSON.stringify(Object.keys(MOVED))}) {
        const esm = await import(name).catch(({ code, message }) => [code, message]);
        let cjs;
        try { require(name); } catch ({ code, message }) { cjs = [code, message]; }
        told[name] = [esm, cjs];
      }
      console.log(JSON.stringify(told));`;
    const told = await outputOf(alone, 'moved.mjs', code);
    for (const [from, to] of Object.entries(MOVED)) {
      const install = to.startsWith('evenkeel/') ? '' : ' (npm install evenkeel-gateway)';
      const expected = ['ERR_LB_MOVED', `${from} has moved: import ${to}${install}`];
      assert.deepEqual(told[from], [expected, expected]);
    }
  });
}

async function checkBundles(alone) {
  const bundle = async (contents, options) => {
    const stdin = { contents, resolveDir: alone };
    const common = { stdin, bundle: true, minify: true, format: 'esm', write: false, logLevel: 'silent' };
    return (await build({ ...common, ...options })).outputFiles[0].text;
  };
  await check('a bundle of byHeader alone leaves the Balancer out', async () => {
    const mark = /backendPool/;
    const all = await bundle(`import { Balancer } from 'evenkeel'; console.log(new Balancer([]));`);
    assert.match(all, mark, 'the mark of the Balancer must show where it is in');
    const one = await bundle(`import { byHeader } from 'evenkeel'; console.log(byHeader('a'));`);
    assert.doesNotMatch(one, mark);
    assert.ok(one.length < all.length / 2, `${one.length} bytes of ${all.length}`);
    const none = await bundle(`import 'evenkeel';`);
    assert.equal(none.trim(), '', 'an import without names leaves nothing');
  });
  await check('a bundle of the library, and of its fetch adapter, needs nothing of Node', async () => {
    await bundle(`export * from 'evenkeel'; export * from 'evenkeel/fetch';`);
  });
  await check(
    'a bundle in CommonJS takes every subpath, and its peers are those that the bundler found',
    async () => {
      const code = `
      import * as crypto from 'node:crypto';
      import { BalancedDispatcher } from 'evenkeel/undici';
      import { redisRateLimiter } from 'evenkeel/rate-limit';
      import { jwtSessions } from 'evenkeel/sessions';
      ${TWO_TOKENS}
      ${A_REDIS}
      const limiter = redisRateLimiter({ points: 1, durationMs: 1000, client: aRedis() });
      (async () => console.log(JSON.stringify([
        await twoTokens(), (await limiter.take('k')).allowed, (await limiter.take('k')).allowed, limiter.stats.insured, typeof BalancedDispatcher,
      ])))();`;
      const options = { format: 'cjs', platform: 'node', nodePaths: [join(root, 'node_modules')] };
      const elsewhere = await project('bundle');
      const output = await outputOf(elsewhere, 'bundle.cjs', await bundle(code, options));
      assert.deepEqual(output, [TWO_TOKENS_VERIFIED, true, false, 0, 'function']);
    },
  );
}

async function checkReadme(archive) {
  const page = await readFile(join(root, 'README.md'), 'utf8');
  const [, first] = /^```ts\n(.*?)^```$/ms.exec(page);
  const [, from, to] = /replace\s+`(import [^`]+)`\s+with\s+`(const [^`]+)`/.exec(page) ?? [];
  await check('the first lines of the README run in a folder made by npm init -y', async () => {
    const path = await project('first');
    await npm(['init', '-y'], path);
    await npm(['install', archive], path);
    const esm = await run(process.execPath, ['--input-type=module', '-e', first], { cwd: path });
    assert.match(esm.stdout, /verdict: 'picked'/);
    assert.ok(first.includes(from), 'the README says which line is another with require');
    const cjs = await run(process.execPath, ['--input-type=commonjs', '-e', first.replace(from, to)], {
      cwd: path,
    });
    assert.match(cjs.stdout, /verdict: 'picked'/);
  });
}

function expectGoodUse({ answers, counts, inFlight }) {
  assert.equal(answers.length, 6);
  assert.equal(new Set(answers).size, 4, 'equal paths go to one backend');
  assert.equal(counts['8081'] + counts['8082'], 6);
  assert.equal(answers.filter((url) => url.startsWith('http://10.0.0.1:8081')).length > 0, true);
  assert.equal(
    new Set(answers.filter((url) => url.startsWith('http://10.0.0.1:8081'))).size,
    2,
    'two keys for each',
  );
  assert.equal(inFlight, 0);
}

const kilobytes = (bytes) => `${Math.round(bytes / 1_000)} KB`;
