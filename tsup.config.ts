// How the library's package is built. In each format the subpaths share chunks, so that there is one engine.
import { copyFile } from 'node:fs/promises';
import { defineConfig, type Options } from 'tsup';

const smaller = {
  /**
   * Puts numbers in the place of constants, which a bundle would otherwise read as variables in every
   * loop.
   */
  minifySyntax: true,
  /** Leaves out comments and indentation, half of the package; names stay, and lines that a stack trace can name. */
  minifyWhitespace: true,
  lineLimit: 110,
};

const library: Options = {
  entry: {
    index: 'src/index.ts',
    backend: 'src/moved/backend.ts',
    diagnostics: 'src/diagnostics.ts',
    discovery: 'src/discovery/index.ts',
    'discovery/dns': 'src/discovery/sources/dns.ts',
    'discovery/file': 'src/discovery/sources/file.ts',
    'discovery/http': 'src/discovery/sources/http.ts',
    'discovery/redis': 'src/discovery/sources/redis.ts',
    'discovery/etcd': 'src/discovery/sources/etcd.ts',
    'discovery/kubernetes': 'src/discovery/sources/kubernetes.ts',
    express: 'src/moved/express.ts',
    fastify: 'src/moved/fastify.ts',
    fetch: 'src/adapters/fetch/index.ts',
    fleet: 'src/fleet/index.ts',
    gateway: 'src/moved/gateway.ts',
    internal: 'src/internal.ts',
    'load-report': 'src/load-report/load-report.ts',
    peer: 'src/peer.ts',
    'rate-limit': 'src/rate-limit/index.ts',
    sessions: 'src/sessions/index.ts',
    simulator: 'src/simulator/index.ts',
    undici: 'src/adapters/undici/index.ts',
  },
  target: 'es2022',
  platform: 'neutral',
  treeshake: true,
  splitting: true,
};

/**
 * Chunks that are loaded when they are needed are loaded by `require`: Jest without transforms knows no
 * `import()`.
 */
export const requireChunks: NonNullable<Options['plugins']>[number] = {
  name: 'require-chunks',
  renderChunk: (code) => ({
    code: code.replaceAll(/\bimport\((["']\.\/[^"']+["'])\)/g, 'Promise.resolve().then(() => require($1))'),
  }),
};

export default defineConfig([
  {
    ...library,
    format: 'esm',
    publicDir: 'src/adapters/undici/entry',
    esbuildOptions: (options) => Object.assign(options, smaller),
  },
  {
    ...library,
    format: 'cjs',
    // jose is an ES module alone, which Jest cannot load without transforms.
    noExternal: ['jose'],
    plugins: [requireChunks],
    onSuccess: () => copyFile('node_modules/jose/LICENSE.md', 'dist/LICENSE-jose.md'),
    esbuildOptions: (options) =>
      Object.assign(options, {
        ...smaller,
        define: { ...options.define, 'import.meta.url': '__filename', JOSE_IS_BUNDLED: 'true' },
      }),
  },
  {
    ...library,
    format: ['esm', 'cjs'],
    dts: {
      only: true,
      compilerOptions: { ignoreDeprecations: '6.0' },
      banner: '/// <reference lib="esnext.disposable" />',
    },
  },
]);
