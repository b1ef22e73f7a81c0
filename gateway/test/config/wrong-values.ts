import type { Place } from './inputs.ts';

/** A place, what is wrong there, and what is said of it. */
export type WrongValue = readonly [place: Place, value: unknown, line: string];

const URL_RULE = 'host:port, :port, unix:/path, or an http or https URL without user, query and fragment';
const HOST_RULE = 'a host name such as shop.example or *.shop.example, or an IP address, without a port';
const FD_RULE = 'an integer from 3 to 1023, without host and port';
const LISTEN_RULE = 'an IP address or a host name, without brackets and port, or unix:/path, or fd:3';
const SECRET_RULE = 'a string, { env: NAME } or { file: PATH }';
const KEY_RULE = 'a string, { env: NAME }, { file: PATH }, a JWK with kty or a JWKS with keys';
const STATUS_RULE = 'a status from 100 to 599 or a range of them such as [200, 299]';
const TOKEN_RULE = 'a token (RFC 9110 section 5.6.2)';
const DURATION_RULE = 'an integer from 1 to 2147483647';
const PATH_RULE = 'a path that begins with "/", percent-encoded, without query and fragment';
const BY_RULE = '"path", "client-address", "header", "cookie" or "jwt-claim"';
const ALGORITHMS =
  '"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA" or "Ed25519"';
const STRATEGIES =
  '"consistent-hash", "maglev", "rendezvous", "ip-hash", "round-robin", "random", "least-connections", "least-time", "power-of-two", "peak-ewma" or "least-workload"';
const RINGS = '"native", "nginx", "haproxy", "ketama" or "envoy"';
const LONG_SECRET = 'a secret that has 32 bytes or more';

const listeners: WrongValue[] = [
  ['listeners', undefined, 'listeners is missing; it must be a list with at least one entry'],
  ['listeners', [], 'listeners must be a list with at least one entry, got []'],
  ['listeners', { port: 1 }, 'listeners must be a list with at least one entry, got an object with port'],
  ['listeners[0]', 8080, 'listeners[0] must be an object with port, got 8080'],
  ['listeners[0].port', 70_000, 'listeners[0].port must be an integer from 0 to 65535, got 70000'],
  ['listeners[0].port', -1, 'listeners[0].port must be an integer from 0 to 65535, got -1'],
  ['listeners[0].port', 1.5, 'listeners[0].port must be an integer from 0 to 65535, got 1.5'],
  ['listeners[0].port', '80abc', 'listeners[0].port must be an integer from 0 to 65535, got "80abc"'],
  ['listeners[0].port', Number.NaN, 'listeners[0].port must be an integer from 0 to 65535, got NaN'],
  ['listeners[0].port', undefined, 'listeners[0].port is missing; it must be an integer from 0 to 65535'],
  ['listeners[0].prot', 1, 'listeners[0].prot is not a setting; did you mean "port"?'],
  ['listeners[0].host', '[::1]', `listeners[0].host must be ${LISTEN_RULE}, got "[::1]"`],
  ['listeners[0].host', '0.0.0.0:80', `listeners[0].host must be ${LISTEN_RULE}, got "0.0.0.0:80"`],
  ['listeners[0].host', 'http://shop', `listeners[0].host must be ${LISTEN_RULE}, got "http://shop"`],
  ['listeners[0].host', '/run/gw.sock', `listeners[0].host must be ${LISTEN_RULE}, got "/run/gw.sock"`],
  ['listeners[0].host', 'fd:2', `listeners[0].host must be ${LISTEN_RULE}, got "fd:2"`],
  ['listeners[0].host', '', `listeners[0].host must be ${LISTEN_RULE}, got ""`],
  ['listeners[0].fd', 2, `listeners[0].fd must be ${FD_RULE}, got 2`],
  ['listeners[0].fd', 3, `listeners[0].fd must be ${FD_RULE}, got 3`],
  ['listeners[0].h2c', 'yes', 'listeners[0].h2c must be true or false, got "yes"'],
  ['listeners[0].tls', true, 'listeners[0].tls must be an object with certificates, got true'],
  [
    'listeners[0].tls',
    {},
    'listeners[0].tls.certificates is missing; it must be a list with at least one entry',
  ],
  [
    'listeners[0].tls.certificates',
    [],
    'listeners[0].tls.certificates must be a list with at least one entry, got []',
  ],
  [
    'listeners[0].tls.certificates',
    [{ cert: 'a' }],
    'listeners[0].tls.certificates[0].key is missing; it must be PEM text or the path of a PEM file',
  ],
  [
    'listeners[0].tls.certificates',
    [{ cert: 'a', key: 'b', passphrase: 5 }],
    `listeners[0].tls.certificates[0].passphrase must be ${SECRET_RULE}, got a number`,
  ],
  [
    'listeners[0].tls.certificates',
    [{ cert: 'a', key: 'b', passphrase: { evn: 'X' } }],
    'listeners[0].tls.certificates[0].passphrase.evn is not a setting; did you mean "env"?',
  ],
  [
    'listeners[0].tls',
    { certificates: [{ cert: 'a', key: 'b' }], minVersion: 'TLSv1.1' },
    'listeners[0].tls.minVersion must be "TLSv1.2" or "TLSv1.3", got "TLSv1.1"; did you mean "TLSv1.2"?',
  ],
  [
    'listeners[0]',
    { port: 1, h2c: true, tls: { certificates: [{ cert: 'a', key: 'b' }] } },
    'listeners[0].h2c must be false where there is tls, got true',
  ],
];

const pools: WrongValue[] = [
  ['pools', undefined, 'pools is missing; it must be an object'],
  ['pools', {}, 'pools must have at least one pool, got {}'],
  ['pools', [], 'pools must be an object, got []'],
  [
    'pools',
    { 'a b': { backends: [] } },
    'the name of pools["a b"] must be 1 to 64 letters, digits, "_", "." and "-"',
  ],
  [
    'pools',
    { '': { backends: [] } },
    'the name of pools[""] must be 1 to 64 letters, digits, "_", "." and "-"',
  ],
  ['pools.shop', null, 'pools.shop must be an object with backends, got null'],
  ['pools.shop', 'http://a', 'pools.shop must be an object with backends, got a string of 8 characters'],
  ['pools.shop.stategy', 'random', 'pools.shop.stategy is not a setting; did you mean "strategy"?'],
  ['pools.shop.max_in_flight', 4, 'pools.shop.max_in_flight is not a setting; did you mean "maxInFlight"?'],
  ['pools.shop.timeout', 4, 'pools.shop.timeout is not a setting; did you mean "timeouts"?'],
  [
    'pools.shop.zzz',
    1,
    'pools.shop.zzz is not a setting; allowed: backends, dns, discovery, strategy, seed, bounds, panicRatio, affinity, sessions, health, ejection, circuitBreaker, slowStart, maxAwaiting, maxInFlight, retries, queue, timeouts, connections, requestsPerConnection, tls, zones, subset',
  ],
  [
    'pools.shop.strategy',
    'roundrobbin',
    `pools.shop.strategy must be ${STRATEGIES}, got "roundrobbin"; did you mean "round-robin"?`,
  ],
  [
    'pools.shop.strategy',
    5,
    `pools.shop.strategy must be ${STRATEGIES.replace(' or', ',')} or an object with name, got 5`,
  ],
  [
    'pools.shop.strategy',
    { name: 'consistent-hash', ring: 'ngin' },
    `pools.shop.strategy.ring must be ${RINGS}, got "ngin"; did you mean "nginx"?`,
  ],
  [
    'pools.shop.strategy',
    { name: 'maglev' },
    'pools.shop.strategy.name must be "consistent-hash", got "maglev"',
  ],
  [
    'pools.shop.strategy',
    { name: 'consistent-hash', ring: { name: 'haproxy', hashKey: 'port' } },
    'pools.shop.strategy.ring.hashKey must be "id", "addr" or "addr-port", got "port"',
  ],
  [
    'pools.shop.dns',
    { server: 'ns.test' },
    'pools.shop.dns.server must be an IP address, with or without a port, got "ns.test"',
  ],
  ['pools.shop.seed', -1, 'pools.shop.seed must be an integer from 0 to 4294967295, got -1'],
  ['pools.shop.seed', 2 ** 32, 'pools.shop.seed must be an integer from 0 to 4294967295, got 4294967296'],
  ['pools.shop.bounds', { factor: 0.9 }, 'pools.shop.bounds.factor must be a number of at least 1, got 0.9'],
  [
    'pools.shop.bounds',
    { factor: Number.POSITIVE_INFINITY },
    'pools.shop.bounds.factor must be a number of at least 1, got Infinity',
  ],
  [
    'pools.shop.bounds',
    { rememberedKeys: 1e9 },
    'pools.shop.bounds.rememberedKeys must be an integer from 0 to 1048576, got 1000000000',
  ],
  [
    'pools.shop.subset',
    { by: 'aperture', size: 9, client: 0, clients: 4 },
    'pools.shop.subset.by must be "cell" with the strategy consistent-hash/160, which has keys, got "aperture"',
  ],
  [
    'pools.shop.subset',
    { by: 'cell', cell: 4, cells: 4 },
    'pools.shop.subset.cell must be below cells, got 4 of 4',
  ],
  ['pools.shop.panicRatio', 50, 'pools.shop.panicRatio must be a number from 0 to 1, got 50'],
  ['pools.shop.maxAwaiting', 0, 'pools.shop.maxAwaiting must be an integer of at least 1, got 0'],
  ['pools.shop.maxInFlight', 0, 'pools.shop.maxInFlight must be an integer of at least 1, got 0'],
  ['pools.shop.connections', 0.5, 'pools.shop.connections must be an integer of at least 1, got 0.5'],
  ['pools.shop.timeouts', { connectMs: 0 }, `pools.shop.timeouts.connectMs must be ${DURATION_RULE}, got 0`],
  [
    'pools.shop.timeouts',
    { totalMs: 2 ** 31 },
    `pools.shop.timeouts.totalMs must be ${DURATION_RULE}, got 2147483648`,
  ],
  [
    'pools.shop.timeouts',
    { headersMs: '15s' },
    `pools.shop.timeouts.headersMs must be ${DURATION_RULE}, got "15s"; did you mean 15000?`,
  ],
  ['pools.shop.zones', { order: 'eu' }, 'pools.shop.zones.order must be a list, got "eu"'],
  ['pools.shop.zones', { header: 'x zone' }, `pools.shop.zones.header must be ${TOKEN_RULE}, got "x zone"`],
  ['pools.shop.tls', { cert: 'a.pem' }, 'pools.shop.tls.key is missing; it must be given with cert'],
  ['pools.shop.tls', { key: 'a.pem' }, 'pools.shop.tls.cert is missing; it must be given with key'],
  [
    'pools.shop.tls',
    { passphrase: 'open' },
    'pools.shop.tls.key is missing; it must be given with passphrase',
  ],
  [
    'pools.shop.tls',
    { serverName: '10.0.0.1' },
    'pools.shop.tls.serverName must be a host name, got "10.0.0.1"',
  ],
  [
    'pools.shop.tls',
    { ca: 5 },
    'pools.shop.tls.ca must be PEM text or the path of a PEM file, or a list of them, got 5',
  ],
  ['pools.shop.tls', { verfy: false }, 'pools.shop.tls.verfy is not a setting; did you mean "verify"?'],
];

const backends: WrongValue[] = [
  ['pools.shop.backends', undefined, 'pools.shop.backends is missing; it must be a list'],
  ['pools.shop.backends', 'http://a', 'pools.shop.backends must be a list, got "http://a"'],
  ['pools.shop.backends[0]', 5, `pools.shop.backends[0] must be ${URL_RULE} or an object with url, got 5`],
  [
    'pools.shop.backends[0]',
    null,
    `pools.shop.backends[0] must be ${URL_RULE} or an object with url, got null`,
  ],
  [
    'pools.shop.backends[0]',
    ['http://a'],
    `pools.shop.backends[0] must be ${URL_RULE} or an object with url, got a list of 1`,
  ],
  ...[
    '',
    'shop',
    '/only/a/path',
    'ftp://a',
    'http://',
    'http://a?x',
    'http://a#x',
    'http://a:0',
    'http://a:70000',
    'http://[::1',
  ].map(
    (url): WrongValue => [
      'pools.shop.backends[0]',
      url,
      `pools.shop.backends[0] must be ${URL_RULE}, got "${url}"`,
    ],
  ),
  // A password in a URL is not shown.
  [
    'pools.shop.backends[0]',
    'http://me:secret@a',
    `pools.shop.backends[0] must be ${URL_RULE}, got "http://***@a"`,
  ],
  ['pools.shop.backends[0]', {}, `pools.shop.backends[0].url is missing; it must be ${URL_RULE}`],
  [
    'pools.shop.backends[0]',
    { url: 'ftp://a' },
    `pools.shop.backends[0].url must be ${URL_RULE}, got "ftp://a"`,
  ],
  [
    'pools.shop.backends[0]',
    { ur: 'http://a' },
    'pools.shop.backends[0].ur is not a setting; did you mean "url"?',
  ],
  [
    'pools.shop.backends[0]',
    { url: 'http://a', wieght: 1 },
    'pools.shop.backends[0].wieght is not a setting; did you mean "weight"?',
  ],
  ...(
    [
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
      [-1, '-1'],
      [1_000.5, '1000.5'],
      [1e308, '1e+308'],
      ['5', '"5"; did you mean 5?'],
      [null, 'null'],
    ] as const
  ).map(
    ([weight, got]): WrongValue => [
      'pools.shop.backends[0]',
      { url: 'http://a', weight },
      `pools.shop.backends[0].weight must be a number from 0 to 1000, got ${got}`,
    ],
  ),
  [
    'pools.shop.backends[0]',
    { url: 'http://a', id: '' },
    'pools.shop.backends[0].id must be a string with at least one character, got ""',
  ],
  [
    'pools.shop.backends[0]',
    { url: 'http://a', backup: 1 },
    'pools.shop.backends[0].backup must be true or false, got 1',
  ],
  [
    'pools.shop.backends',
    ['http://a', 'http://b', { url: 'HTTP://A:80/' }],
    'pools.shop.backends[2] must be another backend than pools.shop.backends[0], got "HTTP://A:80/" in both',
  ],
  [
    'pools.shop.backends',
    [
      { url: 'http://a', id: 'one' },
      { url: 'http://b', id: 'one' },
    ],
    'pools.shop.backends[1] must have another id than pools.shop.backends[0], got "one" in both',
  ],
  [
    'pools.shop.backends',
    [{ url: 'http://a', id: 'http://b' }, 'http://b'],
    'pools.shop.backends[1] must have another id than pools.shop.backends[0], got "http://b" in both',
  ],
  [
    'pools.shop.backends',
    [{ url: 'http://a', weight: 0 }],
    'pools.shop.backends must have a weight above 0 somewhere, got 0 everywhere',
  ],
  [
    'pools.shop.backends',
    [
      { url: 'http://a', weight: 0 },
      { url: 'http://b', weight: 0 },
    ],
    'pools.shop.backends must have a weight above 0 somewhere, got 0 everywhere',
  ],
];

const affinities: WrongValue[] = [
  ['pools.shop.affinity', 'path', 'pools.shop.affinity must be an object with by, got "path"'],
  ['pools.shop.affinity', {}, `pools.shop.affinity.by is missing; it must be ${BY_RULE}`],
  [
    'pools.shop.affinity',
    { by: 'heder' },
    `pools.shop.affinity.by must be ${BY_RULE}, got "heder"; did you mean "header"?`,
  ],
  ['pools.shop.affinity', { by: 'header' }, `pools.shop.affinity.name is missing; it must be ${TOKEN_RULE}`],
  [
    'pools.shop.affinity',
    { by: 'header', nam: 'x' },
    'pools.shop.affinity.nam is not a setting; did you mean "name"?',
  ],
  [
    'pools.shop.affinity',
    { by: 'cookie', name: 'a b' },
    `pools.shop.affinity.name must be ${TOKEN_RULE}, got "a b"`,
  ],
  [
    'pools.shop.affinity',
    { by: 'path', name: 'x' },
    'pools.shop.affinity.name is not a setting; allowed: by',
  ],
];

const sessions: WrongValue[] = [
  ['pools.shop.sessions', true, 'pools.shop.sessions must be an object with either cookie or jwt, got true'],
  ['pools.shop.sessions', {}, 'pools.shop.sessions must be an object with either cookie or jwt, got {}'],
  [
    'pools.shop.sessions',
    { cookies: {} },
    'pools.shop.sessions.cookies is not a setting; did you mean "cookie"?',
  ],
  [
    'pools.shop.sessions',
    { cookie: { secrets: [LONG_SECRET] }, jwt: {} },
    'pools.shop.sessions must be an object with either cookie or jwt, got an object with cookie, jwt',
  ],
  [
    'pools.shop.sessions',
    { cookie: {} },
    'pools.shop.sessions.cookie.secrets is missing; it must be a list with at least one entry',
  ],
  // Not even a secret in the wrong place is shown.
  [
    'pools.shop.sessions',
    { cookie: { secrets: 'hidden' } },
    'pools.shop.sessions.cookie.secrets must be a list with at least one entry, got a string of 6 characters',
  ],
  [
    'pools.shop.sessions',
    { cookie: { secrets: [LONG_SECRET, 'short'] } },
    'pools.shop.sessions.cookie.secrets[1] must have at least 32 bytes, got 5',
  ],
  [
    'pools.shop.sessions',
    { cookie: { secrets: [{ env: 'A' }, 'short'] } },
    'pools.shop.sessions.cookie.secrets[1] must have at least 32 bytes, got 5',
  ],
  [
    'pools.shop.sessions',
    { cookie: { secrets: [LONG_SECRET], name: '__Host-a' } },
    'pools.shop.sessions.cookie.secure must be true for a cookie named __Host-a, got false',
  ],
  [
    'pools.shop.sessions',
    { cookie: { secrets: [LONG_SECRET], path: '/;' } },
    'pools.shop.sessions.cookie.path must be a string that begins with a slash and has no semicolon and no control character, got "/;"',
  ],
  [
    'pools.shop.sessions',
    { cookie: { secrets: [LONG_SECRET], maxAgeMs: 5 } },
    'pools.shop.sessions.cookie.maxAgeMs must be an integer from 1000 to 2147483647, got 5',
  ],
  [
    'pools.shop.sessions',
    { jwt: { key: 5, algorithms: ['HS256'] } },
    `pools.shop.sessions.jwt.key must be ${KEY_RULE}, got a number`,
  ],
  [
    'pools.shop.sessions',
    { jwt: { key: { foo: 'x' }, algorithms: ['HS256'] } },
    `pools.shop.sessions.jwt.key must be ${KEY_RULE}, got an object with foo`,
  ],
  [
    'pools.shop.sessions',
    { jwt: { key: LONG_SECRET, algorithms: ['none'] } },
    `pools.shop.sessions.jwt.algorithms[0] must be ${ALGORITHMS}, got "none"`,
  ],
  [
    'pools.shop.sessions',
    { jwt: { key: LONG_SECRET, algorithms: 'HS256' } },
    'pools.shop.sessions.jwt.algorithms must be a list with at least one entry, got "HS256"',
  ],
  [
    'pools.shop.sessions',
    { jwt: { key: 'short', algorithms: ['HS256'] } },
    'pools.shop.sessions.jwt.key must have at least 32 bytes, got 5',
  ],
  [
    'pools.shop.sessions',
    { jwt: { key: LONG_SECRET, algorithms: ['RS256'] } },
    'pools.shop.sessions.jwt.key must be of the kind rsa for RS256, got secret',
  ],
  [
    'pools.shop.sessions',
    { jwt: { key: { keys: [] }, algorithms: ['HS256'] } },
    'pools.shop.sessions.jwt.algorithms must be asymmetric for a set of public keys, got HS256',
  ],
  [
    'pools.shop.sessions',
    { jwt: { key: { kty: 'oct' }, algorithms: ['HS256'] } },
    'pools.shop.sessions.jwt.key.k must be a string, got undefined',
  ],
];

const resilience: WrongValue[] = [
  ['pools.shop.health', 5, 'pools.shop.health must be true, false, "auto" or an object, got 5'],
  [
    'pools.shop.health',
    { request: { paht: '/' } },
    'pools.shop.health.request.paht is not a setting; did you mean "path"?',
  ],
  [
    'pools.shop.health',
    { request: { path: 'up' } },
    'pools.shop.health.request.path must be a path that begins with "/" and has no space and no "#", got "up"',
  ],
  [
    'pools.shop.health',
    { expect: { statuses: [[399, 200]] } },
    'pools.shop.health.expect.statuses[0] must be a range from a lower status to a higher one, got [399, 200]',
  ],
  [
    'pools.shop.health',
    { expect: { statuses: [200, 20] } },
    `pools.shop.health.expect.statuses[1] must be ${STATUS_RULE}, got 20`,
  ],
  [
    'pools.shop.health',
    { expect: { statuses: [[200]] } },
    `pools.shop.health.expect.statuses[0] must be ${STATUS_RULE}, got a list of 1`,
  ],
  [
    'pools.shop.health',
    { expect: { statuses: ['2xx'] } },
    `pools.shop.health.expect.statuses[0] must be ${STATUS_RULE}, got "2xx"`,
  ],
  ['pools.shop.health', { intervalMs: 0 }, `pools.shop.health.intervalMs must be ${DURATION_RULE}, got 0`],
  [
    'pools.shop.health',
    { request: { timeoutMs: Number.NaN } },
    `pools.shop.health.request.timeoutMs must be ${DURATION_RULE}, got NaN`,
  ],
  [
    'pools.shop.health',
    { thresholds: { fall: 0 } },
    'pools.shop.health.thresholds.fall must be an integer of at least 1, got 0',
  ],
  [
    'pools.shop.health',
    { request: { headers: { 'a b': 'c' } } },
    `the name of pools.shop.health.request.headers["a b"] must be ${TOKEN_RULE}`,
  ],
  [
    'pools.shop.health',
    { request: { headers: { Authorization: 'Bearer x\n' } } },
    'pools.shop.health.request.headers.Authorization must be a string without control characters, got a string of 9 characters',
  ],
  [
    'pools.shop.health',
    { expect: { workload: { cpu: 90 } } },
    'pools.shop.health.expect.workload.cpu must be a number from 0 to 1, got 90',
  ],
  [
    'pools.shop.health',
    { expect: { workload: { disk: 1 } } },
    'pools.shop.health.expect.workload.disk is not a setting; allowed: cpu, memory, network, eventLoop, application',
  ],
  [
    'pools.shop.health',
    { path: '/up', request: { path: '/health' } },
    'pools.shop.health.path is now pools.shop.health.request.path',
  ],
  [
    'pools.shop.ejection',
    { baseMs: 9, maxMs: 1 },
    'pools.shop.ejection.maxMs must be a finite number of at least baseMs, got 1',
  ],
  [
    'pools.shop.ejection',
    { successRate: { minBackends: 0 } },
    'pools.shop.ejection.successRate.minBackends must be an integer of at least 1, got 0',
  ],
  [
    'pools.shop.circuitBreaker',
    { openMs: 9, maxOpenMs: 1 },
    'pools.shop.circuitBreaker.maxOpenMs must be a finite number of at least openMs, got 1',
  ],
  [
    'pools.shop.circuitBreaker',
    { failureRatio: 0 },
    'pools.shop.circuitBreaker.failureRatio must be a number above 0 and up to 1, got 0',
  ],
  [
    'pools.shop.slowStart',
    { durationMs: 1 },
    'pools.shop.slowStart.durationMs is not a setting; allowed: windowMs, aggression, floor, steps',
  ],
  [
    'pools.shop.retries',
    { minDelayMs: 300 },
    'pools.shop.retries.maxDelayMs must be a number of milliseconds of at least minDelayMs, got 250',
  ],
  [
    'pools.shop.retries',
    { retries: 11 },
    'pools.shop.retries.retries must be an integer from 0 to 10, got 11',
  ],
  ['pools.shop.retries', 3, 'pools.shop.retries must be true, false or an object, got 3'],
  [
    'pools.shop.retries',
    { budget: { ratio: 2 } },
    'pools.shop.retries.budget.ratio must be a number from 0 to 1, got 2',
  ],
  ['pools.shop.queue', { limit: -1 }, 'pools.shop.queue.limit must be an integer from 0 to 100000, got -1'],
];

const theRest: WrongValue[] = [
  ['trustedProxies', '10.0.0.1', 'trustedProxies must be a list, got "10.0.0.1"'],
  ...['localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '10.0.0/8', '010.0.0.1', ''].map(
    (network): WrongValue => [
      'trustedProxies',
      ['::1', network],
      `trustedProxies[1] must be an IP address, a network such as 10.0.0.0/8, or unix, got "${network}"`,
    ],
  ),
  ['name', 'a b', `name must be ${TOKEN_RULE}, got "a b"`],
  ['name', 'a\u009b\u202eb', `name must be ${TOKEN_RULE}, got "a\\u009b\\u202eb"`],
  ['workers', 0, 'workers must be an integer from 1 to 64, got 0'],
  ['workers', 65, 'workers must be an integer from 1 to 64, got 65'],
  ['workers', 2n, 'workers must be an integer from 1 to 64, got 2'],
  ['limits', { headerBytes: 1 }, 'limits.headerBytes must be an integer from 1024 to 1048576, got 1'],
  ['limits', { bodyBytes: -1 }, 'limits.bodyBytes must be an integer of at least 0, got -1'],
  [
    'limits',
    { bodyBytes: '1mb' },
    'limits.bodyBytes must be an integer of at least 0, got "1mb"; did you mean 1048576?',
  ],
  ['timeouts', { idleMs: 2 ** 31 }, `timeouts.idleMs must be ${DURATION_RULE}, got 2147483648`],
  [
    'timeouts',
    { headersMs: 10_000.5 },
    'timeouts.headersMs must be an integer from 1 to 2147483647, got 10000.5',
  ],
  [
    'pools.shop.timeouts',
    { bodyMs: 0.5 },
    'pools.shop.timeouts.bodyMs must be an integer from 1 to 2147483647, got 0.5',
  ],
  ['timeouts', { tunnelMs: -1 }, 'timeouts.tunnelMs must be an integer from 0 to 2147483647, got -1'],
  ['log', false, 'log must be an object, got false'],
  ['log', () => 1, 'log must be an object, got a function'],
  ['log', new Date(), 'log must be plain data, got an instance of Date'],
  [
    'log',
    { level: 'verbose' },
    'log.level must be "silent", "error", "warn", "info" or "debug", got "verbose"',
  ],
  [
    'shutdown',
    { graceMs: '30s' },
    'shutdown.graceMs must be an integer from 0 to 2147483647, got "30s"; did you mean 30000?',
  ],
  ['listners', [], 'listners is not a setting; did you mean "listeners"?'],
  [
    'toString',
    1,
    'toString is not a setting; allowed: listeners, pools, routes, paths, trustedProxies, name, limits, timeouts, admin, log, shutdown, fleet, rateLimits, workers',
  ],
  ['admin', 'a token in the wrong place', 'admin must be an object with port, got a string of 26 characters'],
  ['admin', { prot: 9000 }, 'admin.prot is not a setting; did you mean "port"?'],
  ['admin', { port: 9000, token: {} }, `admin.token must be ${SECRET_RULE}, got {}`],
  [
    'admin',
    { port: 9000, token: { env: 'A', file: 'b' } },
    `admin.token must be ${SECRET_RULE}, got an object with env, file`,
  ],
  [
    'admin',
    { port: 9000, token: { env: '' } },
    'admin.token.env must be a string with at least one character, got ""',
  ],
  ['admin', { port: 9000, token: 'short' }, 'admin.token must have at least 16 characters, got 5'],
  [
    'admin',
    { port: 9000, token: 'sixteen and more characters' },
    'admin.token must have no spaces and only ASCII characters',
  ],
  [
    'admin',
    { port: 9000, host: '0.0.0.0' },
    'admin.token is missing; it must be given where admin.host is not a loopback address, got "0.0.0.0"',
  ],
  [
    'admin',
    { port: 9000, host: 'gateway.internal' },
    'admin.token is missing; it must be given where admin.host is not a loopback address, got "gateway.internal"',
  ],
  [
    'admin',
    { port: 8080 },
    'admin.port must be another than that of listeners[0], got 8080 on "127.0.0.1" and every address',
  ],
];

const rules = (requestHeaders: unknown) => [{ pool: 'shop', requestHeaders }];
const route = (settings: object) => [{ pool: 'shop', ...settings }];

const TO_NEW = { from: '/a/{id}', to: '/b/{id}' };
const STAR_RULE = 'the beginning of paths without "*", and covers every path below it';

const routes: WrongValue[] = [
  [
    'routes',
    route({ methods: ['get'] }),
    'routes[0].methods[0] must be a method in capitals such as "GET", got "get"',
  ],
  ['routes', route({ listeners: ['in'] }), 'routes[0].listeners[0] must be the name of a listener, got "in"'],
  [
    'routes',
    route({ headers: { 'X-Beta': true } }),
    'routes[0].headers.X-Beta must be a string without control characters, got true',
  ],
  [
    'routes',
    route({ redirect: { scheme: 'https' } }),
    'routes[0].pool must be left out where redirect is given, got "shop"',
  ],
  [
    'routes',
    [{ redirect: { status: 308 } }, { pool: 'shop' }],
    'routes[0].redirect must change scheme, host or port, or go with rewrite or stripPrefix',
  ],
  [
    'routes',
    [{ redirect: { scheme: 'https' }, retries: false }, { pool: 'shop' }],
    'routes[0].retries must be left out where redirect is given: no backend gets the request',
  ],
  [
    'routes',
    [{ redirect: { scheme: 'https', status: 200 } }],
    'routes[0].redirect.status must be 301, 302, 303, 307 or 308, got 200',
  ],
  [
    'routes',
    [{ redirect: { scheme: 'ftp' } }],
    'routes[0].redirect.scheme must be "http" or "https", got "ftp"',
  ],
  [
    'routes',
    [{ redirect: { host: 'https://a.example' } }],
    'routes[0].redirect.host must be a host name such as www.shop.example, or an IP address, without a port, got "https://a.example"',
  ],
  ['routes', route({ stripPrefix: true }), 'routes[0].stripPrefix must be false where path is "/", got true'],
  [
    'routes',
    route({ path: '/a', stripPrefix: true, rewrite: '/b' }),
    'routes[0].rewrite must be left out where stripPrefix is true',
  ],
  [
    'routes',
    route({ path: '/a', rewrite: '/b/*' }),
    `routes[0].rewrite must be ${STAR_RULE}, got "/b/*"; did you mean "/b"?`,
  ],
  [
    'routes',
    route({ path: '/x', rewrite: TO_NEW }),
    'routes[0].rewrite.from must begin with path, which is "/x", got "/a/{id}"',
  ],
  [
    'routes',
    route({ rewrite: { from: '/a/{id}', to: '/b/{name}?x={y}' } }),
    'routes[0].rewrite.to must have variables of from alone, got {name} and {y}',
  ],
  [
    'routes',
    route({ rewrite: { from: '/a/{id}{x}', to: '/b' } }),
    'routes[0].rewrite.from cannot be used: a segment may have one variable such as {id}, the last one {rest*}, got "/a/{id}{x}"',
  ],
  [
    'routes',
    route({ timeouts: { connectMs: 5 } }),
    'routes[0].timeouts.connectMs is not a setting; allowed: headersMs, bodyMs, totalMs, tunnelMs',
  ],
  [
    'routes',
    route({ limits: { bodyBytes: -1 } }),
    'routes[0].limits.bodyBytes must be an integer of at least 0, got -1',
  ],
  [
    'listeners',
    [
      { port: 1, name: 'a' },
      { port: 2, name: 'a' },
    ],
    'listeners[1].name must be another than that of listeners[0], got "a" in both',
  ],
  [
    'routes',
    route({ path: '/api/*' }),
    `routes[0].path must be ${STAR_RULE}, got "/api/*"; did you mean "/api"?`,
  ],
  ['routes', route({ path: '/*' }), `routes[0].path must be ${STAR_RULE}, got "/*"; did you mean "/"?`],
  ['routes', route({ path: '/a/*/b' }), `routes[0].path must be ${STAR_RULE}, got "/a/*/b"`],
  [
    'routes',
    [
      { pool: 'shop', path: '/caf%c3%a9' },
      { pool: 'shop', path: '/caf%C3%A9' },
    ],
    'routes[1] must differ from routes[0] in host, path or a condition, got any host and "/caf%C3%A9" in both',
  ],
  [
    'paths',
    { forward: 'normalized' },
    'paths.forward must be "raw" or "normalised", got "normalized"; did you mean "normalised"?',
  ],
  ['paths', { encodedSlash: false }, 'paths.encodedSlash must be "keep", "refuse" or "decode", got false'],
  ['paths', { caseSensitve: true }, 'paths.caseSensitve is not a setting; did you mean "caseSensitive"?'],
  ['routes', [], 'routes must be a list with at least one entry, got []'],
  ['routes', [{}], 'routes[0].pool is missing; it must be the name of a pool'],
  [
    'routes',
    [{ pool: 'shpo' }],
    'routes[0].pool must be the name of a pool, got "shpo"; did you mean "shop"?',
  ],
  ['routes', [{ pool: 'constructor' }], 'routes[0].pool must be the name of a pool, got "constructor"'],
  [
    'routes',
    [{ pool: 'shop', host: 'A.example' }, { pool: 'shop' }, { pool: 'shop', host: 'a.example.' }],
    'routes[2] must differ from routes[0] in host, path or a condition, got "a.example" and "/" in both',
  ],
  [
    'routes',
    [{ pool: 'shop' }, { pool: 'shop' }],
    'routes[1] must differ from routes[0] in host, path or a condition, got any host and "/" in both',
  ],
  ...[
    '*',
    'a b',
    'shop.example:80',
    'http://a',
    '-',
    'a..b',
    '*.10.0.0.1',
    '*.*.a',
    'a*.b',
    '1.2.3',
    '256.0.0.1',
    'a/b',
    '',
  ].map(
    (host): WrongValue => ['routes', route({ host }), `routes[0].host must be ${HOST_RULE}, got "${host}"`],
  ),
  ...['api', '/a?b', '/a#b', '/a b', '/ä', ''].map(
    (path): WrongValue => ['routes', route({ path }), `routes[0].path must be ${PATH_RULE}, got "${path}"`],
  ),
  ['routes', rules({ sett: {} }), 'routes[0].requestHeaders.sett is not a setting; did you mean "set"?'],
  [
    'routes',
    rules({ set: { 'a b': '1' } }),
    `the name of routes[0].requestHeaders.set["a b"] must be ${TOKEN_RULE}`,
  ],
  [
    'routes',
    rules({ set: { a: 'b\r\nX: y' } }),
    'routes[0].requestHeaders.set.a must be a string without control characters, got a string of 7 characters',
  ],
  [
    'routes',
    rules({ set: { 'Content-Length': '1' } }),
    'routes[0].requestHeaders.set.Content-Length must not be content-length, which the gateway itself decides',
  ],
  [
    'routes',
    rules({ remove: ['TE'] }),
    'routes[0].requestHeaders.remove[0] must not be te, which the gateway itself decides',
  ],
  [
    'routes',
    rules({ remove: ['Host'] }),
    'routes[0].requestHeaders.remove[0] must not be host, which every request needs',
  ],
  [
    'routes',
    rules({ set: { 'X-A': '1', 'x-a': '2' } }),
    'routes[0].requestHeaders.set.x-a must not name the header of routes[0].requestHeaders.set.X-A again',
  ],
  [
    'routes',
    rules({ set: { 'X-A': '1' }, remove: ['x-A'] }),
    'routes[0].requestHeaders.remove[0] must not name the header of routes[0].requestHeaders.set.X-A again',
  ],
  [
    'routes',
    route({ rateLimit: 5 }),
    'routes[0].rateLimit must be an object with points and durationMs, got 5',
  ],
  [
    'routes',
    route({ rateLimit: { points: 0, durationMs: 1 } }),
    'routes[0].rateLimit.points must be an integer from 1 to 1000000000, got 0',
  ],
  [
    'routes',
    route({ rateLimit: { points: 1, durationMs: 2 ** 31 } }),
    'routes[0].rateLimit.durationMs must be an integer from 1 to 2147483647, got 2147483648',
  ],
  [
    'routes',
    route({ rateLimit: { points: 1, durationMs: 1, by: 'ip' } }),
    'routes[0].rateLimit.by must be "client-address" or an object with header, got "ip"',
  ],
  [
    'routes',
    route({ rateLimit: { points: 1, durationMs: 1, by: { heder: 'x' } } }),
    'routes[0].rateLimit.by.heder is not a setting; did you mean "header"?',
  ],
];

/** Every door, and what does not get in. */
export const WRONG_VALUES: readonly WrongValue[] = [
  ...listeners,
  ...pools,
  ...backends,
  ...affinities,
  ...sessions,
  ...resilience,
  ...theRest,
  ...routes,
];
