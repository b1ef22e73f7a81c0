// How the gateway's package is built; `evenkeel` stays outside the bundle, so that there is one engine.
import { defineConfig, type Options } from 'tsup';

const common: Options = {
  target: 'es2022',
  platform: 'node',
  external: [/^evenkeel(\/.*)?$/],
  esbuildOptions(options) {
    options.minifySyntax = true;
  },
  treeshake: true,
  splitting: true,
  outDir: 'dist',
};

export default defineConfig([
  {
    ...common,
    entry: {
      index: 'src/index.ts',
      express: 'src/adapters/express/index.ts',
      fastify: 'src/adapters/fastify/index.ts',
      cli: 'src/cli/main.ts',
    },
    format: ['esm', 'cjs'],
    dts: {
      entry: {
        index: 'src/index.ts',
        express: 'src/adapters/express/index.ts',
        fastify: 'src/adapters/fastify/index.ts',
      },
      compilerOptions: { ignoreDeprecations: '6.0' },
    },
  },
]);
