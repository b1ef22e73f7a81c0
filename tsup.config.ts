// How the library's package is built. Both formats have one engine: each subpath finds the classes of the main entry in a chunk.
import { defineConfig, type Options } from 'tsup';

/** The subpaths, as files in `dist`; `undici.js` and `undici.cjs` are copied, and import `undici-adapter`. */
const entry = {
  index: 'src/index.ts',
  backend: 'src/moved/backend.ts',
  diagnostics: 'src/diagnostics.ts',
  express: 'src/moved/express.ts',
  fastify: 'src/moved/fastify.ts',
  fetch: 'src/adapters/fetch/index.ts',
  gateway: 'src/moved/gateway.ts',
  internal: 'src/internal.ts',
  'load-report': 'src/load-report/load-report.ts',
  'rate-limit': 'src/rate-limit/index.ts',
  sessions: 'src/sessions/index.ts',
};
const code = { ...entry, peer: 'src/peer.ts', 'undici-adapter': 'src/adapters/undici/index.ts' };

const common: Options = {
  target: 'es2022',
  platform: 'neutral',
  treeshake: true,
  splitting: true,
};

/** Puts numbers in the place of constants, which a bundle would otherwise read as variables in every loop. */
const minifySyntax = true;

export default defineConfig([
  {
    ...common,
    format: 'esm',
    entry: code,
    publicDir: 'src/adapters/undici/entry',
    esbuildOptions: (options) => Object.assign(options, { minifySyntax }),
  },
  {
    ...common,
    format: 'cjs',
    entry: code,
    // jose is an ES module alone, which Jest cannot load without transforms.
    noExternal: ['jose'],
    esbuildOptions: (options) =>
      Object.assign(options, {
        minifySyntax,
        define: { ...options.define, 'import.meta.url': '__filename', JOSE_IS_BUNDLED: 'true' },
      }),
  },
  {
    format: ['esm', 'cjs'],
    entry: { ...entry, undici: 'src/adapters/undici/index.ts' },
    dts: {
      only: true,
      compilerOptions: { ignoreDeprecations: '6.0' },
      banner: '/// <reference lib="esnext.disposable" />',
    },
  },
]);
