// How the gateway's package is built, after the library's: `evenkeel` stays outside the bundle, so that
// a process has one engine.
import { defineConfig, type Options } from 'tsup';
import { shippedScripts } from './src/page/bundle.ts';

/**
 * Chunks that are loaded when they are needed are loaded by `require`: Jest without transforms knows no
 * `import()`.
 */
const requireChunks: NonNullable<Options['plugins']>[number] = {
  name: 'require-chunks',
  renderChunk: (code) => ({
    code: code.replaceAll(/\bimport\((["']\.\/[^"']+["'])\)/g, 'Promise.resolve().then(() => require($1))'),
  }),
};

const gateway: Options = {
  entry: {
    index: 'src/index.ts',
    express: 'src/adapters/express/index.ts',
    fastify: 'src/adapters/fastify/index.ts',
  },
  target: 'es2022',
  platform: 'node',
  external: [/^evenkeel(\/.*)?$/],
  esbuildPlugins: [shippedScripts],
  esbuildOptions(options) {
    options.minifySyntax = true;
  },
  treeshake: true,
  splitting: true,
};

export default defineConfig([
  // The command line imports the gateway's chunks.
  { ...gateway, format: 'esm', entry: { ...gateway.entry, cli: 'src/cli/main.ts' } },
  {
    ...gateway,
    format: 'cjs',
    plugins: [requireChunks],
    esbuildOptions(options) {
      options.minifySyntax = true;
      options.define = { ...options.define, 'import.meta.url': '__filename' };
    },
  },
  {
    ...gateway,
    format: ['esm', 'cjs'],
    // Without `paths`, the types of `evenkeel` are those of the package, not the sources.
    dts: { only: true, compilerOptions: { ignoreDeprecations: '6.0', paths: {} } },
  },
]);
