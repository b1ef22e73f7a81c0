// The contender evenkeel: the gateway.

import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { settleYoungGeneration } from '../../../gateway/src/cli/young-generation.ts';
import { createGateway } from '../../../gateway/src/gateway.ts';
import { HOST } from '../ports.ts';
import type { Place } from './contender.ts';

const { port, tls, originPorts, workers }: Place = JSON.parse(process.argv[2] as string);

const certificate = tls && { cert: readFileSync(tls.cert, 'utf8'), key: readFileSync(tls.key, 'utf8') };

/** Routes that do not match, in addition to the one that does: three hosts with four paths each. */
const otherRoutes = ['shop', 'media', 'api'].flatMap((host) =>
  ['/', '/v1', '/v1/orders', '/static'].map((path) => ({
    host: `${host}.bench.example`,
    path,
    pool: 'origins',
  })),
);

// As the command line does.
settleYoungGeneration();
if (workers > 1 && cluster.isPrimary) for (let i = 0; i < workers; i++) cluster.fork();
else await serve();

async function serve(): Promise<void> {
  const gateway = createGateway({
    listeners: [{ host: HOST, port, ...(certificate && { tls: { certificates: [certificate] } }) }],
    // Round robin, like the peers. All other settings are the defaults: checks, ejection, retries, the queue.
    pools: {
      origins: { backends: originPorts.map((origin) => `http://${HOST}:${origin}`), strategy: 'round-robin' },
    },
    routes: [
      ...otherRoutes,
      {
        path: '/',
        pool: 'origins',
        requestHeaders: { set: { 'X-Bench': 'gateway' }, remove: ['X-Internal'] },
        responseHeaders: { set: { 'X-Content-Type-Options': 'nosniff' }, remove: ['Server'] },
      },
    ],
    admin: { port: 0 },
    log: { access: false },
  });
  await gateway.listen();
}
