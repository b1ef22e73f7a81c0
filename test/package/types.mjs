// The types of both packages, for each way in which TypeScript resolves modules.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { check } from './report.mjs';
import { project, readJson, require, root, run } from './workplace.mjs';

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
new Loadbalancer(httpService, [{ IPAddr: 1, Port: 80 }], new LoggerService());
`;
/** TypeScript compiles this to `import` or to `require`, as the name of the file says. */
const CONSUMER = `import {
  type BackendPool, Balancer, type HTTPService, type ILoadBalancer, type Lease, Loadbalancer, LoggerService,
  type ResponseWriter,
} from 'evenkeel';
${TYPED}`;

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

const WITH_GATEWAY = `
import { createGateway, type Gateway } from 'evenkeel-gateway';
import { proxyMiddleware } from 'evenkeel-gateway/express';
export const middleware: { close(): void } = proxyMiddleware({ backends: ['http://10.0.0.1:8080'] });
export const gateway: (...parts: Parameters<typeof createGateway>) => ReturnType<typeof createGateway> = createGateway;
export const control = (made: Gateway): object => made.control;
`;

/** The old names tell where they are now. */
const MOVED = `
import { createGateway } from 'evenkeel/gateway';
import { proxyMiddleware } from 'evenkeel/express';
import { loadReport } from 'evenkeel/backend';
export const told: [
  'evenkeel/gateway has moved: import evenkeel-gateway',
  'evenkeel/express has moved: import evenkeel-gateway/express',
  'evenkeel/backend has moved: import evenkeel/load-report',
] = [createGateway, proxyMiddleware, loadReport];
// @ts-expect-error: it cannot be called any more
createGateway();
`;

const ON_THE_WEB = { target: 'ES2022', lib: ['ES2022', 'DOM'], types: [] };
const ON_NODE = {
  target: 'ES2022',
  lib: ['ES2022', 'DOM'],
  types: ['node'],
  typeRoots: [join(root, 'node_modules', '@types')],
};
const NODE16 = { module: 'node16', moduleResolution: 'node16' };
const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext' };
const BUNDLER = { module: 'ESNext', moduleResolution: 'bundler' };
const NODE10 = { module: 'commonjs', moduleResolution: 'node', esModuleInterop: true };

const ours = require.resolve('typescript/bin/tsc');

/** @param both - the project that has both packages; @param tools - the folder with older tools */
export async function checkTypes(both, tools) {
  const older = join(tools, 'node_modules', 'typescript-5', 'bin', 'tsc');
  /** @param sources - programs by the names that their files get, without the extension */
  const compile = async (name, extension, sources, options, tsc = ours) => {
    const directory = await project(join('both', name));
    const files = Object.keys(sources).map((file) => `${file}.${extension}`);
    for (const [file, source] of Object.entries(sources))
      await writeFile(join(directory, `${file}.${extension}`), source);
    const compilerOptions = { strict: true, noEmit: true, exactOptionalPropertyTypes: true, ...options };
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    await run(process.execPath, [tsc, '-p', directory]);
  };
  const library = { use: CONSUMER, moved: MOVED };
  /** The types that these import are not only ours. */
  const others = { gateway: WITH_GATEWAY, everything: `${await importsOfAllEntries(both)}\n` };
  const ways = [
    ['node10', 'ts', NODE10, older],
    ['node16, an ES module', 'mts', NODE16],
    ['node16, CommonJS', 'cts', NODE16],
    ['nodenext, an ES module', 'mts', NODENEXT],
    ['nodenext, CommonJS', 'cts', NODENEXT],
    ['bundler', 'ts', BUNDLER],
  ];
  for (const [i, [name, extension, resolution, tsc]] of ways.entries()) {
    const options = { ...ON_NODE, ...resolution };
    await check(`types hold under ${name}`, async () => {
      await Promise.all([
        compile(`types-${i}`, extension, library, { ...options, skipLibCheck: false }, tsc),
        compile(`types-others-${i}`, extension, others, { ...options, skipLibCheck: true }, tsc),
      ]);
    });
  }
  await check('types hold in a browser project, and those of keys fit those of jose', async () => {
    await Promise.all([
      compile('types-browser', 'ts', { use: CONSUMER }, { ...ON_THE_WEB, ...BUNDLER, skipLibCheck: false }),
      compile('types-jose', 'mts', { use: WITH_JOSE }, { ...ON_NODE, ...NODE16, skipLibCheck: false }),
    ]);
  });
}

/** A program that looks at the types of every entry of both packages. */
async function importsOfAllEntries(both) {
  const entries = [];
  for (const name of ['evenkeel', 'evenkeel-gateway']) {
    const { exports } = await readJson(join(both, 'node_modules', name, 'package.json'));
    entries.push(
      ...Object.keys(exports)
        .filter((path) => !path.endsWith('.json'))
        .map((path) => name + path.slice(1)),
    );
  }
  const imports = entries.map((entry, i) => `import * as entry${i} from '${entry}';`);
  return `${imports.join('\n')}\nexport const entries: object[] = [${entries.map((_, i) => `entry${i}`)}];\n`;
}
