// Jest with CommonJS and without transforms: modules are loaded by Jest's own require, in a realm of
// their own.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { A_REDIS, A_REFUSING_URL, SIX_REQUESTS, TWO_TOKENS, TWO_TOKENS_VERIFIED } from './programs.mjs';
import { check } from './report.mjs';
import { run } from './workplace.mjs';

const ALONE = `
const crypto = require('node:crypto');
const { createServer, get } = require('node:http');
const evenkeel = require('evenkeel');
const { jwtSessions } = require('evenkeel/sessions');
const { Loadbalancer, LoggerService } = evenkeel;
${TWO_TOKENS}
${A_REFUSING_URL}

test('requests are balanced', async () => {
  const console = { log: jest.fn() };
  ${SIX_REQUESTS}
  await done;
  expect(new Set(answers).size).toBe(4);
  expect(loadbalancer.balancer.stats().inFlight).toBe(0);
});

test('tokens are verified', async () => {
  expect(await twoTokens()).toEqual(${JSON.stringify(TWO_TOKENS_VERIFIED)});
});

async function ask(pool, options) {
  const told = [];
  const writer = {
    writeResponse: ({ status, data }) => told.push([status, data]),
    writeHeader() {},
    writeError: (error) => told.push(error),
  };
  const loadbalancer = new Loadbalancer(new evenkeel.FetchHTTPService(), pool, new LoggerService({ sink() {} }), options);
  // Goes to another backend only if nothing was sent, for certain.
  await loadbalancer.onRequest({ id: '1', path: '/x', method: 'POST', payload: 'p' }, writer);
  return told[0];
}

test('a real server answers, and what is refused goes to the next', async () => {
  const server = createServer((request, response) => response.end('asked for ' + request.url));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = 'http://127.0.0.1:' + server.address().port;
  try {
    expect(await ask([url])).toEqual([200, 'asked for /x']);
    const refusing = await aRefusingUrl();
    for (let i = 0; i < 8; i++)
      expect(await ask([url, refusing], { failover: true, strategy: 'round-robin' })).toEqual([200, 'asked for /x']);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('an error of Node.js, which is of another realm, is passed on as it is and known for what it is', async () => {
  const thrown = [];
  const sendRequest = (url) => new Promise((resolve, reject) => {
    get(url, () => resolve({ status: 200, data: '' })).on('error', (error) => { thrown.push(error); reject(error); });
  });
  const told = [];
  const writer = { writeResponse() {}, writeHeader() {}, writeError: (error) => told.push(error) };
  const pool = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
  const loadbalancer = new Loadbalancer({ sendRequest }, pool, new LoggerService({ sink() {} }), { failover: true });
  await loadbalancer.onRequest({ id: '1', path: '/x', method: 'GET', payload: '' }, writer);
  expect(thrown.map(({ code }) => code)).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
  expect(thrown[1] instanceof Error).toBe(false);
  expect(told).toEqual([thrown[1]]);
});

test('an empty pool is an error of evenkeel', async () => {
  const error = await ask([]);
  expect(error).toBeInstanceOf(evenkeel.NoBackendError);
  expect(error).toBeInstanceOf(evenkeel.LoadbalancerError);
  expect(error).toBeInstanceOf(Error);
});
`;

/** With what the gateway's package installs along. */
const BOTH = `
const { createServer } = require('node:http');
const undici = require('undici');
${A_REDIS}
${A_REFUSING_URL}

test.each(['evenkeel', 'evenkeel/diagnostics', 'evenkeel/fetch', 'evenkeel/internal', 'evenkeel/load-report',
  'evenkeel/rate-limit', 'evenkeel/sessions', 'evenkeel/undici', 'evenkeel-gateway', 'evenkeel-gateway/express',
  'evenkeel-gateway/fastify'])('%s is there', (name) => {
  expect(Object.keys(require(name)).length).toBeGreaterThan(0);
});

test.each(['evenkeel/gateway', 'evenkeel/express', 'evenkeel/fastify', 'evenkeel/backend'])('%s has moved', (name) => {
  expect(() => require(name)).toThrow(name + ' has moved');
});

test('requests are counted', async () => {
  const { memoryRateLimiter, redisRateLimiter } = require('evenkeel/rate-limit');
  const limiter = memoryRateLimiter({ points: 1, durationMs: 60_000 });
  expect([await limiter.take('a'), await limiter.take('a'), await limiter.take('b')].map(({ allowed }) => allowed))
    .toEqual([true, false, true]);
  const shared = redisRateLimiter({ points: 1, durationMs: 60_000, client: aRedis() });
  expect([await shared.take('a'), await shared.take('a'), await shared.take('b')].map(({ allowed }) => allowed))
    .toEqual([true, false, true]);
  expect(shared.stats.insured).toBe(0);
});

test('fetch, undici and the gateway reach a server, past one that refuses', async () => {
  const server = createServer((request, response) => response.end('asked for ' + request.url));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const pool = [await aRefusingUrl(), 'http://127.0.0.1:' + server.address().port];
  const { BalancedDispatcher } = require('evenkeel/undici');
  const dispatcher = new BalancedDispatcher(pool, { failover: true });
  const { createGateway } = require('evenkeel-gateway');
  const gateway = createGateway({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    pools: { app: { backends: pool, health: false } },
  });
  try {
    const balanced = require('evenkeel/fetch').balancedFetch(pool, { failover: true });
    const { body } = await undici.request('http://any/u', { dispatcher });
    expect(await body.text()).toBe('asked for /u');
    for (let i = 0; i < 4; i++) expect(await (await balanced('/f')).text()).toBe('asked for /f');
    const [{ port }] = await gateway.listen();
    for (let i = 0; i < 4; i++) expect(await (await fetch('http://127.0.0.1:' + port + '/g')).text()).toBe('asked for /g');
  } finally {
    await gateway.close();
    await dispatcher.close();
    server.closeAllConnections();
    server.close();
  }
});
`;

/** A test in a page: jsdom has neither fetch nor URL.canParse. */
const IN_A_PAGE = `
const { Loadbalancer, LoggerService, Balancer, byPath } = require('evenkeel');

test('this page has no URL.canParse', () => expect(URL.canParse).toBeUndefined());

test('requests are balanced, and mistakes are told', async () => {
  const console = { log: jest.fn() };
  ${SIX_REQUESTS}
  await done;
  expect(answers.length).toBe(6);
  expect(() => new Balancer(['nonsense'])).toThrow(/^backendPool\\[0\\] must be/);
  expect(() => new Balancer([{ host: 'a b', port: 1 }])).toThrow(/^backendPool\\[0\\].host must be/);
});
`;

export async function checkJest(alone, both, tools) {
  const bin = join(tools, 'node_modules', 'jest', 'bin', 'jest.js');
  const jest = async (path, source, environment = 'node') => {
    const name = `jest-${environment}`;
    const config = {
      testEnvironment: join(tools, 'node_modules', `jest-environment-${environment}`),
      transform: {},
      testMatch: [`**/${name}/*.test.js`],
    };
    await mkdir(join(path, name), { recursive: true });
    await writeFile(join(path, name, 'use.test.js'), source);
    await writeFile(join(path, name, 'config.json'), JSON.stringify({ ...config, rootDir: path }));
    const { stderr } = await run(process.execPath, [bin, '--config', join(path, name, 'config.json')], {
      cwd: path,
    });
    const [, passed] = /Tests: +(\d+) passed, \1 total/.exec(stderr) ?? [];
    assert.ok(passed > 0, stderr);
    return `${passed} tests`;
  };
  await check('the library works under Jest, alone: tokens are verified', () => jest(alone, ALONE));
  await check('the library works under Jest in a page', () => jest(alone, IN_A_PAGE, 'jsdom'));
  if (both !== undefined)
    await check('every subpath of both packages works under Jest', () => jest(both, BOTH));
}
