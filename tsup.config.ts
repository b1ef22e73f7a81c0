import { defineConfig, type Options } from 'tsup';

const common: Options = {
  target: 'es2022',
  platform: 'neutral',
  esbuildOptions(options) {
    // Puts numbers in the place of constants, which a bundle would otherwise read as variables in every loop.
    options.minifySyntax = true;
  },
  treeshake: true,
};

export default defineConfig([
  {
    ...common,
    entry: {
      index: 'src/index.ts',
      diagnostics: 'src/diagnostics.ts',
      fetch: 'src/adapters/fetch/index.ts',
      internal: 'src/internal.ts',
      'load-report': 'src/load-report/load-report.ts',
      'rate-limit': 'src/rate-limit/index.ts',
      sessions: 'src/sessions/index.ts',
      undici: 'src/adapters/undici/index.ts',
    },
    format: ['esm', 'cjs'],
    // Each subpath must find the very classes of the main entry.
    splitting: true,
    dts: {
      compilerOptions: { ignoreDeprecations: '6.0' },
      banner: '/// <reference lib="esnext.disposable" />',
    },
  },
]);
