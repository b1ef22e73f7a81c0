// The configuration by default. Made of the schema by `npm run schema`: change that.
import type { GatewayConfig } from './schema.ts';

/** One pool without a backend, on the port of `serve`. */
export const DEFAULT_CONFIG = {
  listeners: [
    {
      h2c: false,
      port: 8080,
    },
  ],
  pools: {
    default: {
      backends: [],
      strategy: 'consistent-hash',
      seed: 0,
      bounds: {
        factor: 1.25,
        z: 1,
        concurrency: 1,
        sharedBy: 1,
      },
      panicRatio: 1,
      health: 'auto',
      ejection: true,
      circuitBreaker: false,
      slowStart: false,
      maxAwaiting: 256,
      retries: true,
      queue: true,
      timeouts: {
        connectMs: 3000,
        headersMs: 60000,
        continueMs: 1000,
        bodyMs: 60000,
        idleMs: 4000,
        ageMs: 3600000,
        totalMs: 90000,
      },
    },
  },
  paths: {
    forward: 'raw',
    encodedSlash: 'keep',
    caseSensitive: true,
  },
  trustedProxies: [],
  name: 'evenkeel',
  limits: {
    headerBytes: 16384,
    headers: 256,
    urlBytes: 8192,
    bodyBytes: 1073741824,
    replayBytes: 65536,
    connections: 10000,
    streams: 100,
  },
  timeouts: {
    headersMs: 10000,
    bodyMs: 20000,
    writeMs: 60000,
    idleMs: 75000,
    ageMs: 3600000,
    tunnelMs: 3600000,
  },
  log: {
    level: 'info',
    access: true,
  },
  shutdown: {
    delayMs: 0,
    graceMs: 30000,
  },
  workers: 1,
} satisfies GatewayConfig;
