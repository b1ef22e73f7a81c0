// Programs that use the packages as others would; the checks run them as ES modules, with require,
// under Jest and under Bun.

/**
 * Sends six requests of four keys to two backends; prints what came of them. `Loadbalancer` and
 * `LoggerService` are in scope.
 */
export const SIX_REQUESTS = `
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

/**
 * Makes a token and has it verified, with a secret and with a set of keys; prints the keys of the sessions.
 */
export const TWO_TOKENS = `
const { createHmac, generateKeyPairSync, sign } = crypto;
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = { sub: 'user-7', exp: Math.floor(Date.now() / 1000) + 60 };
const SECRET = 's'.repeat(32);
const asked = (token) => ({ id: '', path: '/', method: 'GET', payload: '', headers: { authorization: 'Bearer ' + token } });
async function twoTokens() {
  const text = encoded({ alg: 'HS256' }) + '.' + encoded(claims);
  const token = text + '.' + createHmac('sha256', SECRET).update(text).digest('base64url');
  const withSecret = jwtSessions({ key: SECRET, algorithms: ['HS256'] });
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = encoded({ alg: 'ES256', kid: 'k' }) + '.' + encoded(claims);
  const signature = sign('sha256', Buffer.from(own), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  const set = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }] };
  const withKeys = jwtSessions({ key: set, algorithms: ['ES256'] });
  const forged = await withKeys.read(asked(own + '.' + signature.replace(/^../, 'AA')));
  return [
    (await withSecret.read(asked(token)))?.key,
    (await withKeys.read(asked(own + '.' + signature)))?.key,
    forged === undefined && withKeys.stats.rejected.signature,
  ];
}
`;
export const TWO_TOKENS_VERIFIED = ['user-7', 'user-7', 1];

/** A client that counts as the scripts of rate-limiter-flexible do, without a Redis. */
export const A_REDIS = `
function aRedis() {
  const counts = new Map();
  return {
    status: 'ready',
    defineCommand(name) {
      this[name] = async ([key, points]) => {
        counts.set(key, (counts.get(key) ?? 0) + Number(points));
        return [counts.get(key), 1000];
      };
    },
  };
}
`;

/** A URL that refuses connections. A port such as 1 would not do: `fetch` never connects to it. */
export const A_REFUSING_URL = `
async function aRefusingUrl() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return 'http://127.0.0.1:' + port;
}
`;
