import { isIP } from 'node:net';
import { type StrategyAlias, type StrategyName, strategies } from 'evenkeel';
import { BALANCER_DEFAULTS, STRATEGY_ALIASES } from 'evenkeel/internal';
import { z } from 'zod';
import { circuitBreaker, ejection, health, queue, retries, slowStart } from './resilience-schema.ts';
import { sessions } from './session-schema.ts';
import {
  backendUrl,
  count,
  duration,
  durationOrOff,
  headerValue,
  pem,
  port,
  ratio,
  secret,
  serverName,
  text,
  token,
} from './values.ts';

const concurrency = z.int().min(1).max(1_000_000);

const backend = z.union([
  backendUrl,
  z.strictObject({
    url: backendUrl.describe('Where it is; a path is put before that of each request.'),
    id: text.optional().describe('Stable name, which decides its keys. Left out: the URL.'),
    weight: z
      .number()
      .min(0)
      .max(1_000)
      .optional()
      .describe('Share of the load relative to the others; fractions are fine. Left out: 1.'),
    zone: text.optional().describe('Where it stands, for example `eu-west-1a`.'),
    backup: z.boolean().optional().describe('Whether it serves only when no other can. Left out: `false`.'),
    concurrency: concurrency
      .optional()
      .describe('Requests that it can work on at once. Left out: `bounds.concurrency` of the pool.'),
  }),
]);

/** Of each kind of affinity. */
const WHAT_IS_EQUAL = 'What equal requests have in common.';

const affinity = z
  .discriminatedUnion('by', [
    z.strictObject({ by: z.literal('path').describe(WHAT_IS_EQUAL) }),
    z.strictObject({ by: z.literal('client-address').describe(WHAT_IS_EQUAL) }),
    z.strictObject({
      by: z.literal('header').describe(WHAT_IS_EQUAL),
      name: token.describe('Name of the header, or of the cookie.'),
    }),
    z.strictObject({
      by: z.literal('cookie').describe(WHAT_IS_EQUAL),
      name: token.describe('Name of the header, or of the cookie.'),
    }),
    z.strictObject({
      by: z.literal('jwt-claim').describe(WHAT_IS_EQUAL),
      claim: text.describe('Name of the claim; the token is not verified.'),
    }),
  ])
  .meta({ rule: 'an object with by' });

const bounds = z.strictObject({
  factor: z
    .number()
    .min(1)
    .default(BALANCER_DEFAULTS.bounds.factor)
    .describe('How far above its fair share a backend may go.'),
  z: z
    .number()
    .min(0)
    .default(BALANCER_DEFAULTS.bounds.z)
    .describe('Standard deviations of chance that requests in flight may have on top.'),
  rememberedKeys: z
    .int()
    .min(0)
    .max(2 ** 20)
    .optional()
    .describe(
      'Keys to remember, rounded up to a power of two; 0, or fewer than 64 for each backend, turns the bound on keys off. Left out: 128 for each backend, from 8192 to 1048576.',
    ),
  concurrency: concurrency
    .default(BALANCER_DEFAULTS.bounds.concurrency)
    .describe(
      'Requests that a backend can work on at once: with fewer in flight it is never at its limit. Divided by the number of workers.',
    ),
  sharedBy: concurrency
    .default(BALANCER_DEFAULTS.bounds.sharedBy)
    .describe(
      'Gateways that share the backends: what a backend reports that it can work on at once is divided by it, and by the number of workers.',
    ),
  strict: z
    .boolean()
    .optional()
    .describe(
      'Whether a key stays on its backend while that may serve, however many requests it has in flight. Left out: `true` for `ip-hash`, else `false`.',
    ),
});

/** Milliseconds for all attempts, where neither that nor a longer time for one head is given. */
const TOTAL_MS = 90_000;

const timeoutsObject = z.strictObject({
  connectMs: duration.default(3_000).describe('Milliseconds to connect to a backend.'),
  headersMs: duration
    .default(60_000)
    .describe("Milliseconds for the head of one backend's answer: more than a long poll waits."),
  continueMs: durationOrOff
    .default(1_000)
    .describe(
      "Milliseconds that a body waits for the backend's 100 Continue if the client asked for it; with 0 the gateway says it.",
    ),
  bodyMs: duration
    .default(60_000)
    .describe("Milliseconds between two pieces of an answer's body; event streams have `tunnelMs`."),
  totalMs: duration
    .optional()
    .describe(
      'Milliseconds for all attempts together, until the head of an answer. Left out: 90000, or `headersMs` where that is more.',
    ),
  idleMs: duration
    .default(4_000)
    .describe('Milliseconds that an idle connection is kept; less than the backends keep theirs.'),
  ageMs: duration
    .default(3_600_000)
    .describe('Milliseconds after which a connection takes no more requests; up to a tenth less, by chance.'),
});

const timeouts = timeoutsObject.transform(({ totalMs, ...rest }) => ({
  ...rest,
  totalMs: totalMs ?? Math.max(TOTAL_MS, rest.headersMs),
}));

export const tls = z.strictObject({
  ca: z
    .union([pem, z.array(pem).min(1)])
    .optional()
    .meta({ rule: 'PEM text or the path of a PEM file, or a list of them' })
    .describe(
      'Who may have signed the certificates of backends. Left out: the authorities that Node trusts.',
    ),
  serverName: serverName
    .optional()
    .describe('The name in their certificates. Left out: the host of the URL.'),
  verify: z.boolean().default(true).describe('`false` trusts any certificate: for tests alone.'),
  cert: pem.optional().describe('A certificate for backends that ask for one.'),
  key: pem.optional().describe('Its private key.'),
  passphrase: secret.optional().describe('The passphrase of an encrypted key.'),
});

const subsetSize = z.int().min(1).max(1_000_000).describe('The least number of backends.');
const subset = z
  .discriminatedUnion('by', [
    z.strictObject({
      by: z.literal('aperture').describe('How the backends are chosen.'),
      size: subsetSize,
      client: z.int().min(0).describe('The number of this gateway, from 0; by rendezvous, its name.'),
      clients: z.int().min(1).max(1_000_000).describe('How many gateways there are.'),
    }),
    z.strictObject({
      by: z.literal('rendezvous').describe('How the backends are chosen.'),
      size: subsetSize,
      client: text.describe('The number of this gateway, from 0; by rendezvous, its name.'),
    }),
    z.strictObject({
      by: z.literal('cell').describe('How the backends are chosen.'),
      cell: z.int().min(0).describe('The number of the cell, from 0.'),
      cells: z.int().min(1).max(1_000_000).describe('How many cells there are.'),
    }),
  ])
  .meta({ rule: 'an object with by' });

const zones = z.strictObject({
  header: token.optional().describe("The header that names a request's zone."),
  own: text.optional().describe('The zone of requests without one. Left out: any.'),
  order: z
    .array(text)
    .optional()
    .describe(
      'Zones in the order in which they stand in for each other. Left out: as they first appear in the pool.',
    ),
});

/** A host and a port of a server, as the DNS client takes it. */
const nameServer = z
  .string()
  .refine((server) => isIP(server) > 0 || isIP(/^\[?(.*?)\]?:\d{1,5}$/.exec(server)?.[1] ?? '') > 0)
  .meta({ rule: 'an IP address, with or without a port' });

const dns = z
  .union([
    z.literal(false),
    z.strictObject({
      name: text
        .optional()
        .describe('A host name, or that of SRV records, whose backends join the pool. Left out: none.'),
      type: z.enum(['a', 'aaaa', 'srv']).optional().describe('The records of `name`. Left out: A and AAAA.'),
      port: port
        .min(1)
        .optional()
        .describe('The port of `name`; SRV records have their own. Left out: 80 or 443.'),
      protocol: z.enum(['http', 'https']).default('http').describe('How backends at `name` are spoken to.'),
      server: nameServer.optional().describe('A name server. Left out: names resolve as on this machine.'),
    }),
  ])
  .optional()
  .describe(
    'Host names are looked up again by their TTL, and each address is a backend; `false` leaves names to each connection.',
  );

const remember = text
  .optional()
  .describe('A file that keeps the last backends, which serve after a restart until the source answers.');
export const storeUrl = z
  .string()
  .refine((url) => URL.canParse(url.split(',')[0] ?? ''))
  .meta({ rule: 'a URL' });
const shared = {
  pool: text.optional().describe('The name under which servers register. Left out: that of the pool.'),
  prefix: text.optional().describe('Prefix of all keys. Left out: `evenkeel`.'),
};

const discovery = z
  .union([
    z.strictObject({
      file: text.describe('A YAML or JSON file with a list of backends; read again when it changes.'),
      remember,
    }),
    z.strictObject({
      http: z
        .strictObject({
          url: storeUrl.describe('Where the list is, as JSON.'),
          intervalMs: duration.optional().describe('Milliseconds between two requests. Left out: 5000.'),
          timeoutMs: duration.optional().describe('Milliseconds for a response. Left out: 5000.'),
          headers: z.record(token, headerValue).optional().describe('Headers of each request.'),
        })
        .describe('A list of backends on a server; with an `ETag` it is sent only when it changes.'),
      remember,
    }),
    z.strictObject({
      redis: z
        .strictObject({
          url: storeUrl
            .meta({ rule: 'a URL', secret: true })
            .describe('Where Redis is; needs the package ioredis.'),
          ...shared,
        })
        .describe('A registry in Redis.'),
      remember,
    }),
    z.strictObject({
      etcd: z
        .strictObject({
          url: storeUrl.describe('A member of etcd; several, separated by commas, stand in for each other.'),
          ...shared,
          headers: z.record(token, headerValue).optional().describe('Headers of each request.'),
          timeoutMs: duration.optional().describe('Milliseconds for a response. Left out: 5000.'),
        })
        .describe('A registry in etcd.'),
      remember,
    }),
    z.strictObject({
      kubernetes: z
        .strictObject({
          service: text.describe('The service whose pods are backends.'),
          namespace: text.optional().describe('Left out: that of the pod.'),
          port: z
            .union([port.min(1), text])
            .optional()
            .meta({ rule: 'the name of a port, or an integer from 1 to 65535' })
            .describe('The target port. Left out: the first one.'),
          protocol: z
            .enum(['http', 'https'])
            .optional()
            .describe('How pods are spoken to. Left out: `http`.'),
          server: storeUrl.optional().describe('The API server. Left out: that of the cluster.'),
          credentials: text
            .optional()
            .describe('The folder of token and certificate. Left out: that of the service account.'),
        })
        .describe('The pods of a Kubernetes service, by its EndpointSlices.'),
      remember,
    }),
  ])
  .meta({ rule: 'an object with one of file, http, redis, etcd and kubernetes' })
  .optional()
  .describe('A source of backends beside `backends`. Left out: none.');

type KnownStrategy = StrategyName | StrategyAlias;
const ownNames = Object.keys(strategies);
const strategyNames = [...ownNames, ...Object.keys(STRATEGY_ALIASES)] as [KnownStrategy, ...KnownStrategy[]];

const ringSize = z.int().min(1).max(8_388_608);

const ring = z.union([
  z.enum(['native', 'nginx', 'haproxy', 'ketama', 'envoy']),
  z.strictObject({
    name: z.literal('haproxy').describe('Whose ring it is.'),
    hashKey: z
      .enum(['id', 'addr', 'addr-port'])
      .default('id')
      .describe('What the points of a server depend on, as `hash-key` in HAProxy.'),
    function: z
      .enum(['sdbm', 'djb2', 'wt6', 'crc32'])
      .optional()
      .describe('The hash of keys, as in `hash-type`. Left out: `sdbm`.'),
    avalanche: z
      .boolean()
      .optional()
      .describe('Mixes the hash once more. Left out: `true` without `function`, else `false`.'),
  }),
  z.strictObject({
    name: z.literal('ketama').describe('Whose ring it is.'),
    variant: z
      .enum(['weighted', 'spy', 'plain'])
      .default('weighted')
      .describe('Which ring of libmemcached: that with weights, that of spymemcached, or the plain one.'),
  }),
  z.strictObject({
    name: z.literal('envoy').describe('Whose ring it is.'),
    minimumSize: ringSize.default(1_024).describe('`minimum_ring_size` of Envoy.'),
    maximumSize: ringSize.default(8_388_608).describe('`maximum_ring_size` of Envoy.'),
  }),
]);

const strategy = z.union([
  z.enum(strategyNames).meta({ rule: ownNames.map((name) => JSON.stringify(name)) }),
  z.strictObject({
    name: z.literal('consistent-hash').describe('The strategy.'),
    ring: ring
      .default('native')
      .describe('Whose ring: with that of another load balancer, each key has the home that it has there.'),
  }),
]);

/** Equal backends, and how requests are spread over them. */
export const pool = z.strictObject({
  backends: z.array(backend).describe('URLs, or objects; `[]` answers 503 until backends are added.'),
  dns,
  discovery,
  strategy: strategy
    .default(BALANCER_DEFAULTS.strategy)
    .describe(
      'How a backend is chosen. Names of other load balancers (`leastconn`, `rr`, `p2c`) stand for ours.',
    ),
  seed: z
    .int()
    .min(0)
    .max(0xffff_ffff)
    .default(BALANCER_DEFAULTS.seed)
    .describe('Keeps others from computing keys that share a backend; replicas need the same.'),
  bounds: z
    .union([z.literal(false), bounds])
    .prefault({})
    .describe(
      'Keeps backends close to their fair share, for strategies with keys; `false` turns both bounds off.',
    ),
  panicRatio: ratio
    .default(BALANCER_DEFAULTS.pool.panicRatio)
    .describe('Share of backends out above which health is ignored; 1 never ignores it.'),
  affinity: affinity
    .optional()
    .describe(
      "What equal requests have in common. Left out: the client's address for `ip-hash`, else the path.",
    ),
  sessions: sessions
    .optional()
    .describe('Keeps the requests of one client on one backend. Left out: no sessions.'),
  health: z
    .union([z.boolean(), z.literal('auto'), health])
    .default('auto')
    .describe(
      'Checks every backend; `true` for all defaults. `auto` asks for the default path, too, but what a backend answers there counts only once it has answered well; until then only a backend that does not answer is down.',
    ),
  ejection: z
    .union([z.boolean(), ejection])
    .default(true)
    .describe('Takes out backends whose requests fail; `true` for all defaults.'),
  circuitBreaker: z
    .union([z.boolean(), circuitBreaker])
    .default(false)
    .describe('Spares a backend that fails much; `true` for all defaults.'),
  slowStart: z
    .union([z.boolean(), slowStart])
    .default(false)
    .transform((on) => (on === true ? slowStart.parse({}) : on))
    .describe('Raises the weight of a backend that is new, or back, step by step; `true` for all defaults.'),
  maxAwaiting: z
    .union([z.literal(false), count])
    .default(256)
    .describe(
      "Requests that may wait for the head of one backend's response at a time, so that a slow one is not given more; `false` for no limit.",
    ),
  maxInFlight: count.optional().describe('Requests that one backend may have at a time. Left out: no limit.'),
  retries: z
    .union([z.boolean(), retries])
    .default(true)
    .describe(
      'Sends a request that failed to another backend, where that cannot do harm; `true` for all defaults.',
    ),
  queue: z
    .union([z.boolean(), queue])
    .default(true)
    .describe(
      'Lets requests wait where every backend has `maxAwaiting` or `maxInFlight`; `true` for all defaults.',
    ),
  timeouts: timeouts.prefault({}).describe('How long backends have.'),
  connections: count.optional().describe('Sockets for each backend. Left out: as many as are needed.'),
  requestsPerConnection: count
    .optional()
    .describe('The most requests on one connection; up to a tenth fewer, by chance. Left out: no limit.'),
  tls: tls.optional().describe('How to speak with backends that have an https URL.'),
  zones: zones
    .optional()
    .describe('Keeps requests in their zone while it can carry them. Left out: zones do not matter.'),
  subset: subset
    .optional()
    .describe(
      'The part of the backends that this gateway has connections to, and checks: an aperture where gateways have numbers, by rendezvous where they have names; with keys, a cell of them. Left out: all.',
    ),
});

/** A pool, with every default filled in. */
export type PoolConfig = z.output<typeof pool>;
/** How a pool speaks TLS with its backends. */
export type PoolTlsConfig = z.output<typeof tls>;
